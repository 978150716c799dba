"""Closing: users close their account, and can reopen it for a while."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session as AdminSession
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import tasks
from accounts.errors import ClosingRefused
from accounts.models import SecurityEvent, Session, User
from accounts.services import closed_accounts
from mail.models import Mail
from tests import acts
from tests.admin.steps import LIST, act, as_
from tests.authenticator import Held, enrol
from tests.client import Browser
from tests.clock import later
from tests.flows.steps import refusal, signed_in_admin, signed_in_as, signed_in_with_code
from tests.mailbox import emails_to, link_to
from tests.people import PASSWORD, make_user
from tests.queries import statements

pytestmark = pytest.mark.django_db

DAY = 86_400


def close(browser: Browser, **body: Any) -> Any:
    return browser.call("post", "user_close", body)


def delete_due() -> None:
    tasks.delete_closed_accounts()


@pytest.fixture
def closed(user: User, signed_in: Browser) -> User:
    assert close(signed_in).status_code == 202
    return user


# Closing


def test_answer_says_when_the_account_is_deleted(user: User, signed_in: Browser) -> None:
    response = close(signed_in)

    user.refresh_from_db()
    assert (response.status_code, response.json().keys()) == (202, {"detail", "closes_at"})
    assert response["Cache-Control"] == "no-store"
    assert response.cookies["refresh_token"].value == ""
    assert user.closes_at is not None
    assert 13.99 < (user.closes_at - timezone.now()).total_seconds() / DAY <= 14


def test_every_session_ends_at_once(user: User, signed_in: Browser) -> None:
    other = signed_in_as(user)

    close(signed_in)

    assert not Session.objects.exists()
    assert refusal(other.refresh()) == (401, "token_not_valid")
    assert refusal(signed_in.call("get", "rest_user_details")) == (401, "token_not_valid")


def test_old_session_has_to_sign_in_again(user: User, signed_in: Browser) -> None:
    with later(15 * 60):
        signed_in.refresh()

        assert refusal(close(signed_in)) == (401, "reauthentication_required")

    assert User.objects.get().is_active


def test_second_factor_is_asked_for_unless_this_session_has_shown_it(
    user: User, settings: Any
) -> None:
    browser = signed_in_as(user)
    held = enrol(user)
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"

    assert refusal(close(browser)) == (401, "second_factor_required")
    assert refusal(close(browser, code=held.app.wrong_code())) == (400, "invalid_code")
    assert close(browser, code=held.app.code()).status_code == 202


def test_session_with_the_second_factor_needs_no_code(
    user: User, held: Held, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    browser = signed_in_with_code(user, held)

    assert close(browser).status_code == 202


def test_wrong_codes_are_counted(user: User, settings: Any) -> None:
    browser = signed_in_as(user)
    held = enrol(user)
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    for _ in range(10):
        close(browser, code=held.app.wrong_code())

    assert refusal(close(browser, code=held.app.code())) == (429, "throttled")


def test_last_administrator_stays() -> None:
    only, other = signed_in_admin(), make_user(role=User.Role.STAFF)

    assert refusal(close(only)) == (409, "last_admin")
    assert User.objects.filter(is_active=True).count() == 2

    User.objects.filter(pk=other.pk).update(role=User.Role.ADMIN)
    assert close(only).status_code == 202


NO_WAY_IN = {"password": None}
UNVERIFIED = {"email_verified": False}


@pytest.mark.parametrize(
    ("other", "verification", "status"),
    [
        (NO_WAY_IN, "mandatory", 409),
        (NO_WAY_IN, "optional", 409),
        (UNVERIFIED, "mandatory", 409),
        (UNVERIFIED, "optional", 202),
    ],
)
def test_another_administrator_who_cannot_sign_in_does_not_count(
    other: dict[str, Any], verification: str, status: int, settings: Any
) -> None:
    settings.EMAIL_VERIFICATION = verification
    make_user(role=User.Role.ADMIN, **other)

    assert close(signed_in_admin()).status_code == status


def test_account_without_a_password_can_be_closed(user: User, signed_in: Browser) -> None:
    User.objects.filter(pk=user.pk).update(password="!none")

    assert close(signed_in).status_code == 202
    assert link_to(user.email)


@pytest.fixture
def hook() -> Iterator[Any]:
    """Registers a hook for the time of the test."""
    known = closed_accounts.hooks[:]
    yield closed_accounts.on_account_closing
    closed_accounts.hooks[:] = known


def test_hook_refuses_and_nothing_has_happened(user: User, signed_in: Browser, hook: Any) -> None:
    def write_and_refuse(account: User) -> None:
        User.objects.filter(pk=account.pk).update(first_name="Changed")
        raise ClosingRefused("Hand over your shop first.", code="owns_a_shop")

    hook(write_and_refuse)

    response = close(signed_in)

    assert response.json() == {"detail": "Hand over your shop first.", "code": "owns_a_shop"}
    assert response.status_code == 409
    user.refresh_from_db()
    assert (user.is_active, user.first_name) == (True, "Ada")
    assert Session.objects.exists()
    assert not Mail.objects.filter(kind="account_closing").exists()
    assert not SecurityEvent.objects.filter(event="account_closing").exists()


def test_code_stays_valid_if_the_only_administrator_is_refused(settings: Any) -> None:
    only = make_user(role=User.Role.ADMIN)
    browser, [code, *_] = signed_in_as(only), enrol(only).recovery_codes
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    assert refusal(close(browser, code=code)) == (409, "last_admin")

    make_user(role=User.Role.ADMIN)

    assert close(browser, code=code).status_code == 202


def test_code_stays_valid_if_a_hook_refuses(user: User, settings: Any, hook: Any) -> None:
    browser, [code, *_] = signed_in_as(user), enrol(user).recovery_codes
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    debts = [ClosingRefused]

    def refuse(account: User) -> None:
        if debts:
            raise debts.pop()

    hook(refuse)
    assert refusal(close(browser, code=code)) == (409, "closing_refused")

    assert close(browser, code=code).status_code == 202


# While it is closed


def test_sign_in_is_refused_as_for_an_inactive_account(closed: User) -> None:
    inactive = make_user(is_active=False)
    with statements(1):
        refused = Browser().sign_in(closed.email)

    assert refused.json() == Browser().sign_in(inactive.email).json()
    assert refused.status_code == 401
    assert refused.cookies.keys() == Browser().sign_in(inactive.email).cookies.keys()


def test_django_admin_is_left(admin: User) -> None:
    make_user(role=User.Role.ADMIN)
    client = Client()
    client.post(reverse("admin:login"), {"username": admin.email, "password": PASSWORD})
    assert AdminSession.objects.exists()
    assert client.get(LIST).status_code == 200

    close(signed_in_as(admin))

    assert client.get(LIST).status_code == 302
    client.post(reverse("admin:login"), {"username": admin.email, "password": PASSWORD})
    assert client.get(LIST).status_code == 302


def sign_up(email: str) -> Any:
    return Browser().sign_up(email)


def ask_for_a_reset(email: str) -> Any:
    return Browser().request_reset(email)


def change_to(email: str) -> Any:
    return signed_in_as(make_user()).change_profile(email=email)


@pytest.mark.parametrize("ask", [sign_up, ask_for_a_reset, change_to])
def test_address_tells_nothing(ask: Callable[[str], Any], closed: User) -> None:
    before = len(emails_to(closed.email))
    answers = [ask(email) for email in (closed.email, "nobody@example.test")]

    assert answers[0].status_code == answers[1].status_code < 300
    if ask is not change_to:
        assert answers[0].json() == answers[1].json()
    assert len(emails_to(closed.email)) == before
    assert not User.objects.get(pk=closed.pk).is_active


def test_invitation_does_not_take_it_over(closed: User, settings: Any) -> None:
    settings.JWT_ALLAUTH_INVITATIONS = True

    response = signed_in_admin().invite(closed.email)

    assert response.json()["codes"] == {"email": ["email_taken"]}


def test_reset_link_of_before_works_only_once_the_account_is_reopened(
    user: User, signed_in: Browser
) -> None:
    owner = Browser()
    owner.open_reset(user.email)
    close(signed_in)

    assert refusal(owner.set_new()) == (401, "token_not_valid")

    Client().post(link_to(user.email))
    assert owner.set_new().status_code == 200


# The link that reopens it


def test_link_shows_a_button_and_its_post_reopens_the_account(closed: User) -> None:
    link = link_to(closed.email)

    page = Client().get(link)
    assert (page.status_code, page["Referrer-Policy"]) == (200, "no-referrer")
    assert closed.email in page.content.decode()
    assert not User.objects.get(pk=closed.pk).is_active

    reopened = Client().post(link)
    assert reopened.status_code == 200
    assert "has been reopened" in reopened.content.decode()
    assert not reopened.cookies
    closed.refresh_from_db()
    assert (closed.is_active, closed.closes_at) == (True, None)
    assert not Session.objects.exists()
    assert Browser().sign_in(closed.email).status_code == 200


def test_head_changes_nothing(closed: User) -> None:
    assert Client().head(link_to(closed.email)).status_code == 200

    assert not User.objects.get(pk=closed.pk).is_active


def test_link_works_once_and_not_for_a_later_closing(closed: User) -> None:
    link = link_to(closed.email)
    Client().post(link)

    assert Client().post(link).status_code == 400
    with later(1):
        close(signed_in_as(closed))
        assert Client().post(link).status_code == 400
        assert not User.objects.get(pk=closed.pk).is_active


def test_link_ends_with_the_grace(closed: User) -> None:
    link = link_to(closed.email)
    with later(14 * DAY):
        assert Client().get(link).status_code == 400
        assert Client().post(link).status_code == 400


@pytest.mark.parametrize("token", ["reopening.x", "sign_up.x", "x"])
def test_other_token_is_a_bad_link(token: str, db: None) -> None:
    path = reverse("user_reopen", kwargs={"token": token})

    assert Client().get(path).status_code == Client().post(path).status_code == 400


def test_closing_link_opens_nothing_else(closed: User) -> None:
    token = link_to(closed.email).rstrip("/").rpartition("/")[2]

    assert Client().get(reverse("account_confirm_email", kwargs={"key": token})).status_code == 400


def test_other_link_does_not_keep_an_inactive_account(user: User) -> None:
    Browser().request_reset(user.email)
    token = link_to(user.email).rstrip("/").rpartition("/")[2]
    User.objects.filter(pk=user.pk).update(is_active=False)

    assert Client().post(reverse("user_reopen", kwargs={"token": token})).status_code == 400
    assert not User.objects.get().is_active


# The deletion


def test_account_is_deleted_after_the_grace_and_frees_its_address(closed: User) -> None:
    with later(14 * DAY - 5):
        delete_due()
        assert User.objects.exists()

    with later(14 * DAY):
        delete_due()
        assert not User.objects.exists()
        Browser().sign_up(closed.email)
        assert User.objects.get().email == closed.email


def test_nothing_is_left_of_it(user: User, signed_in: Browser, admin: User) -> None:
    acts.request_address(signed_in, user)
    as_(admin).post(
        reverse("admin:accounts_user_change", args=[user.pk]),
        {"email": user.email, "first_name": "Eve", "role": "USER", "language": "en"},
    )
    User.objects.filter(pk=user.pk).update(is_active=True, email_verified=True)
    close(signed_in_as(user))

    with later(15 * DAY):
        delete_due()

    assert list(User.objects.all()) == [admin]
    assert not SecurityEvent.objects.exclude(user=admin).exists()
    written = [*Mail.objects.values(), *LogEntry.objects.values()]
    assert user.email not in str(written)
    assert acts.NEW_ADDRESS not in str(written)


def test_reopened_account_is_not_deleted(closed: User) -> None:
    Client().post(link_to(closed.email))

    with later(15 * DAY):
        delete_due()

    assert User.objects.exists()


def test_inactive_account_is_not_deleted(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)

    with later(15 * DAY):
        delete_due()

    assert User.objects.exists()


def test_deletion_is_logged_with_the_id_alone(
    closed: User, caplog: pytest.LogCaptureFixture
) -> None:
    with later(14 * DAY):
        delete_due()

    [record] = [record for record in caplog.records if record.message == "account_deleted"]
    assert record.__dict__["account"] == str(closed.pk)
    assert closed.email not in str(record.__dict__)


def test_grace_is_a_setting(user: User, signed_in: Browser, settings: Any) -> None:
    settings.ACCOUNT_CLOSING_GRACE = 3_600
    close(signed_in)

    with later(3_601):
        delete_due()

    assert not User.objects.exists()


# Django admin


def test_administrator_closes_and_reopens_accounts(user: User, admin: User) -> None:
    signed_in_as(user)

    assert "Accounts closed: 1. Not closed: 1." in act(admin, "close_accounts", user, admin)
    user.refresh_from_db()
    assert (user.is_active, admin.is_active) == (False, True)
    assert not Session.objects.filter(user=user).exists()
    assert "an administrator closed your account" in emails_to(user.email)[-1].body

    assert "Accounts reopened: 1. They were not closed: 0." in act(admin, "reopen_accounts", user)
    user.refresh_from_db()
    assert (user.is_active, user.closes_at) == (True, None)
    assert LogEntry.objects.count() == 2


def test_owner_whose_account_an_administrator_closed_is_sent_to_the_support(
    user: User, admin: User
) -> None:
    act(admin, "close_accounts", user)

    body = emails_to(user.email)[-1].body
    assert "contact the support" in body
    assert "knows your password" not in body


def test_owner_whose_account_was_closed_with_the_password_is_told_to_change_it(
    closed: User,
) -> None:
    assert "someone else knows your password" in emails_to(closed.email)[-1].body


def test_administrator_does_not_close_an_inactive_account(user: User, admin: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)

    act(admin, "close_accounts", user)
    act(admin, "reopen_accounts", user)

    user.refresh_from_db()
    assert (user.is_active, user.closes_at) == (False, None)


def test_form_does_not_activate_a_closed_account(closed: User, admin: User) -> None:
    page = reverse("admin:accounts_user_change", args=[closed.pk])
    form = {"email": closed.email, "is_active": "on", "role": "USER", "language": "en"}

    assert as_(admin).post(page, form).status_code == 302

    closed.refresh_from_db()
    assert (closed.is_active, closed.closes_at is None) == (False, False)


def test_closing_costs_thirteen_queries(
    signed_in: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Those of the project's apps cost more.
    monkeypatch.setattr(closed_accounts, "hooks", [])

    with statements(13):
        close(signed_in)
