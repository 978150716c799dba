"""What a session began ends with it, however it ends."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.urls import reverse

from accounts import tasks
from accounts.models import EmailChange, PendingSecret, Session, User
from tests.authenticator import App
from tests.client import Browser
from tests.clock import later
from tests.mailbox import letters_to, link_to
from tests.people import PASSWORD, make_user

pytestmark = pytest.mark.django_db

NEW = "new@example.test"
PHRASE = "another good pass phrase"
FORTNIGHT = 14 * 86_400

End = Callable[[Browser], object]


def replay(browser: Browser) -> None:
    rotated = browser.refresh_token
    browser.refresh()
    browser.refresh_token = rotated
    with later(60):
        browser.refresh()


def sign_out(browser: Browser) -> None:
    browser.call("post", "rest_logout", {})


def sign_out_everywhere(browser: Browser) -> None:
    browser.call("post", "rest_logout_all", {})


def end_device(browser: Browser) -> None:
    browser.call("delete", "session_detail", kwargs={"session_id": Session.objects.get().pk})


def end_in_the_admin(_: Browser) -> None:
    admin = Browser(enforce_csrf_checks=False)
    admin.force_login(User.objects.create_superuser(email="root@example.test", password=PASSWORD))
    page = reverse("admin:accounts_session_delete", args=[Session.objects.get().pk])
    csrf = admin.get(page).context["csrf_token"]
    admin.post(page, {"post": "yes", "csrfmiddlewaretoken": csrf})


def end_by_the_command(_: Browser) -> None:
    call_command("end_sessions", "--all")


def sign_in_as_another(browser: Browser) -> None:
    browser.sign_in(make_user().email)


def sign_in_elsewhere_once_too_often(_: Browser) -> None:
    with later(60):
        Browser().sign_in(User.objects.get().email)


def change_password(browser: Browser) -> None:
    body = {"old_password": PASSWORD, "new_password1": PHRASE, "new_password2": PHRASE}
    browser.call("post", "rest_password_change", body)


def reset_password(_: Browser) -> None:
    email = User.objects.get().email
    mailbox = Browser()
    mailbox.call("post", "rest_password_reset", {"email": email})
    mailbox.get(link_to(email))
    mailbox.set_password("rest_password_reset_set_new", PHRASE)


def close_account(_: Browser) -> None:
    user = User.objects.get()
    user.is_active = False
    user.save()


def delete_the_row(_: Browser) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM accounts_session")


ENDS: list[End] = [
    replay,
    sign_out,
    sign_out_everywhere,
    end_device,
    end_in_the_admin,
    end_by_the_command,
    sign_in_as_another,
    sign_in_elsewhere_once_too_often,
    change_password,
    reset_password,
    close_account,
    delete_the_row,
]


@pytest.fixture(autouse=True)
def _one_session_an_account(settings: Any) -> None:
    settings.JWT_ALLAUTH_MAX_SESSIONS = 1
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"


@pytest.fixture
def link(signed_in: Browser) -> str:
    signed_in.call("patch", "rest_user_details", {"email": NEW})
    return link_to(NEW)


@pytest.mark.parametrize("end", ENDS)
def test_link_to_another_address_moves_nothing(
    end: End, signed_in: Browser, user: User, link: str
) -> None:
    end(signed_in)

    assert Browser().get(link).status_code == 400

    assert not User.objects.filter(email=NEW).exists()
    assert not EmailChange.objects.exists()


# A reset reads the mailbox, and so has each letter of before sent.
@pytest.mark.parametrize("end", [end for end in ENDS if end is not reset_password])
def test_letter_to_another_address_is_not_sent(end: End, signed_in: Browser) -> None:
    signed_in.call("patch", "rest_user_details", {"email": NEW})

    end(signed_in)

    assert letters_to(NEW) == []


@pytest.mark.parametrize("end", ENDS)
def test_pending_secret_activates_nothing(
    end: End, signed_in: Browser, user: User, settings: Any
) -> None:
    secret = signed_in.call("post", "jwt_allauth_mfa_setup", {}).json()["secret"]

    end(signed_in)

    assert not PendingSecret.objects.exists()
    other = Browser()
    for password in (PASSWORD, PHRASE):
        if other.sign_in(user.email, password).status_code == 200:
            answer = other.call("post", "jwt_allauth_mfa_activate", {"code": App(secret).code()})
            assert answer.json()["code"] == "mfa_setup_not_started"


def test_session_that_has_expired_moves_no_account(
    signed_in: Browser, user: User, settings: Any
) -> None:
    settings.JWT_ALLAUTH_SESSION_LIFETIME = 86_400
    session = Browser()
    session.sign_in(user.email)
    session.call("patch", "rest_user_details", {"email": NEW})
    link = link_to(NEW)

    with later(86_401):
        assert Browser().get(link).status_code == 400


def test_purged_session_takes_along_what_it_began(signed_in: Browser, link: str) -> None:
    signed_in.call("post", "jwt_allauth_mfa_setup", {})

    with later(FORTNIGHT + 1):
        tasks.purge_sessions()

    assert not EmailChange.objects.exists()
    assert not PendingSecret.objects.exists()


def test_pending_secret_ends_with_its_challenge(user: User, settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "required"
    browser = Browser()
    challenge = browser.sign_in(user.email).json()["setup_challenge_id"]
    browser.call("post", "jwt_allauth_mfa_setup", {"setup_challenge_id": challenge})

    with later(301):
        tasks.purge_second_factor()

    assert not PendingSecret.objects.exists()


def test_session_that_asked_is_the_one_that_counts(
    signed_in: Browser, user: User, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MAX_SESSIONS = 2
    thief, owner = signed_in, Browser()
    owner.sign_in(user.email)
    thief.call("patch", "rest_user_details", {"email": "evil@example.test"})
    owner.call("patch", "rest_user_details", {"email": NEW})
    sign_out(thief)

    assert Browser().get(link_to(NEW)).status_code == 302
    assert User.objects.get().email == NEW


@pytest.mark.parametrize("method", ["patch", "put"])
def test_own_address_withdraws_a_pending_one(
    method: str, signed_in: Browser, user: User, link: str, caplog: Any
) -> None:
    with later(901):
        signed_in.refresh()
        body = {"email": user.email, "first_name": "Ada", "last_name": "O'Brien"}
        answer = signed_in.call(method, "rest_user_details", body)

    assert "pending_email" not in answer.json()
    assert Browser().get(link).status_code == 400
    assert "address_change_withdrawn" in caplog.text


def test_names_alone_withdraw_nothing(signed_in: Browser, link: str) -> None:
    answer = signed_in.call("patch", "rest_user_details", {"first_name": "Grace"})

    assert answer.json()["pending_email"] == NEW
    assert Browser().get(link).status_code == 302
