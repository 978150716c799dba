"""Another address for an account: it takes effect once the link sent to it has been opened."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from allauth.account.models import EmailAddress

from accounts import emails
from accounts.models import Session, User
from mail import outbox
from mail.models import Mail
from tests.client import Browser
from tests.clock import later
from tests.flows.steps import refusal
from tests.mailbox import emails_to, link_in, link_to
from tests.people import make_user, save
from tests.queries import statements

pytestmark = pytest.mark.django_db

NEW = "new@example.test"
NEWER = "newer@example.test"

request_change = partial(Browser.change_profile, email=NEW)


@pytest.fixture
def link(signed_in: Browser) -> str:
    request_change(signed_in)
    return link_to(NEW)


def profile(browser: Browser) -> dict[str, str]:
    fields: dict[str, str] = browser.call("get", "rest_user_details").json()
    return fields


def test_answer_shows_the_old_address_and_the_pending_one(signed_in: Browser, user: User) -> None:
    response = signed_in.change_profile(email="New@Example.Test", first_name="Grace")

    assert response.status_code == 200
    names = {"first_name": "Grace", "last_name": "O'Brien", "language": "en"}
    expected = {"email": user.email, "pending_email": NEW, **names}
    assert expected.items() <= response.json().items()
    assert profile(signed_in) == response.json()


def test_link_moves_the_account(browser: Browser, user: User, link: str) -> None:
    assert Browser().sign_in(user.email).status_code == 200
    assert Browser().sign_in(NEW).status_code == 401

    assert browser.get(link).status_code == 302

    assert Browser().sign_in(NEW).status_code == 200
    assert Browser().sign_in(user.email).status_code == 401
    user.refresh_from_db()
    assert (user.email, user.email_verified, user.pending_email) == (NEW, True, "")
    assert list(EmailAddress.objects.values_list("email", "verified")) == [(NEW, True)]


def test_opening_the_link_again_ends_no_session(browser: Browser, link: str) -> None:
    browser.get(link)
    later_device = Browser()
    later_device.sign_in(NEW)

    browser.get(link)

    assert later_device.refresh().status_code == 200


def test_link_works_without_verification_too(browser: Browser, link: str, settings: Any) -> None:
    settings.EMAIL_VERIFICATION = "none"

    assert browser.get(link).status_code == 200
    assert User.objects.get().email == NEW


def test_old_address_is_told_at_once(signed_in: Browser, user: User) -> None:
    request_change(signed_in)

    [email] = emails_to(user.email)
    assert NEW in email.body
    assert "change your password now" in email.body
    verification = link_in(emails_to(NEW)[0])
    assert verification.startswith("/api/auth/registration/verification/")
    assert verification not in email.body


def test_later_request_replaces_an_earlier_one(browser: Browser, signed_in: Browser) -> None:
    request_change(signed_in)
    first = link_to(NEW)
    request_change(signed_in, email=NEWER)

    assert browser.get(first).status_code == 400
    assert browser.get(link_to(NEWER)).status_code == 302


def test_email_to_a_replaced_address_is_not_sent(signed_in: Browser) -> None:
    request_change(signed_in)
    request_change(signed_in, email=NEWER)

    assert emails_to(NEW) == []


def test_pending_address_expires_after_three_days(signed_in: Browser, link: str) -> None:
    with later(3 * 86_400 + 1):
        signed_in.refresh()
        assert "pending_email" not in profile(signed_in)


def test_correction_by_an_admin_withdraws_it(browser: Browser, user: User, link: str) -> None:
    save(user, email="corrected@example.test")

    assert browser.get(link).status_code == 400
    user.refresh_from_db()
    assert (user.email, user.pending_email) == ("corrected@example.test", "")


@pytest.mark.parametrize("email", ["no address", "", None, f"{'x' * 250}@example.test"])
def test_malformed_address_is_refused(email: Any, signed_in: Browser) -> None:
    response = request_change(signed_in, email=email)

    assert (response.status_code, response.json()["codes"].keys()) == (400, {"email"})


# An address that is taken


def test_taken_address_gets_the_same_answer(signed_in: Browser) -> None:
    other = make_user()

    free, taken = request_change(signed_in), request_change(signed_in, email=other.email)

    assert free.status_code == taken.status_code == 200
    assert taken.json() == free.json() | {"pending_email": other.email}


def test_owner_of_a_taken_address_is_told_without_a_link(signed_in: Browser) -> None:
    other = make_user()

    request_change(signed_in, email=other.email)

    [email] = emails_to(other.email)
    assert "entered your e-mail address" in email.subject
    assert "https://" not in email.body


def test_owner_of_a_closed_account_is_not_told(signed_in: Browser) -> None:
    other = make_user(is_active=False)

    request_change(signed_in, email=other.email)

    assert emails_to(other.email) == []


def test_address_that_was_taken_meanwhile_is_a_bad_link(browser: Browser, link: str) -> None:
    make_user(email=NEW)

    response = browser.get(link)

    assert response.status_code == 400
    assert "no longer valid" in response.content.decode()
    assert User.objects.filter(email=NEW).count() == 1
    assert Session.objects.count() == 1, "and ends no session"


# A session that signed in long ago


@pytest.mark.parametrize("seconds", [901, 3_600])
def test_old_session_has_to_sign_in_again(seconds: int, signed_in: Browser, user: User) -> None:
    with later(seconds):
        signed_in.refresh()
        response = request_change(signed_in, first_name="Grace")

    assert refusal(response) == (401, "reauthentication_required")
    user.refresh_from_db()
    assert (user.first_name, user.pending_email) == ("Ada", "")
    assert not Mail.objects.exists()


def test_old_session_sends_names_and_its_own_address(signed_in: Browser, user: User) -> None:
    with later(901):
        signed_in.refresh()
        response = signed_in.change_profile(email=user.email, first_name="Grace")

    assert response.status_code == 200


def test_names_alone_withdraw_nothing(browser: Browser, signed_in: Browser, link: str) -> None:
    assert signed_in.change_profile(first_name="Grace").json()["pending_email"] == NEW
    assert browser.get(link).status_code == 302


def test_own_address_withdraws_the_pending_one_in_an_old_session_too(
    browser: Browser, link: str, signed_in: Browser, user: User
) -> None:
    with later(901):
        signed_in.refresh()
        response = signed_in.change_profile(email=user.email.upper())

    assert "pending_email" not in response.json()
    assert browser.get(link).status_code == 400
    details = [row["detail"] for row in signed_in.call("get", "user_history").json()["results"]]
    assert details[0] == "The change of the e-mail address was cancelled."


def test_session_withdraws_what_another_one_has_requested(
    signed_in: Browser, link: str, browser: Browser, sign_in: Callable[[], Browser], user: User
) -> None:
    sign_in().change_profile(email=user.email)

    assert "pending_email" not in signed_in.call("get", "rest_user_details").json()
    assert browser.get(link).status_code == 400


# All or nothing


def test_account_does_not_move_unless_the_other_sessions_end(
    user: User, link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.services.sessions.store.revoke_others", None)

    assert Browser(raise_request_exception=False).get(link).status_code == 500

    assert User.objects.get().email == user.email


def test_no_address_is_pending_without_a_warning_to_the_old_one(
    signed_in: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = outbox.post

    def fails_for_the_warning(email: Any, **options: Any) -> None:
        if email is emails.email_change_asked:
            raise RuntimeError
        post(email, **options)

    monkeypatch.setattr("mail.outbox.post", fails_for_the_warning)
    signed_in.raise_request_exception = False

    assert request_change(signed_in).status_code == 500

    assert User.objects.get().pending_email == ""
    assert not Mail.objects.exists()


def test_request_costs_seven_queries(signed_in: Browser) -> None:
    with statements(7):
        request_change(signed_in)
