"""All that a session began ends with it, however the session ends."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import override_settings
from django.urls import reverse

from accounts import tasks
from accounts.models import EmailChange, PendingSecret, Session, User
from tests.authenticator import enrol
from tests.client import Browser
from tests.clock import later
from tests.flows.steps import challenge_for, refusal, setup_challenge_for, signed_in_as, with_token
from tests.mailbox import emails_to, link_to
from tests.people import NEW_PASSWORD, PASSWORD, make_user, save

pytestmark = pytest.mark.django_db

NEW = "new@example.test"
FORTNIGHT = 14 * 86_400

End = Callable[[Browser], object]


def replay(browser: Browser) -> None:
    rotated = browser.rotate()
    with later(60):
        with_token(rotated).refresh()


def end_device(browser: Browser) -> None:
    browser.end_session(Session.objects.get().pk)


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
        signed_in_as(User.objects.get())


def reset_the_password(_: Browser) -> None:
    Browser().reset_password(User.objects.get().email)


def close_account(_: Browser) -> None:
    save(User.objects.get(), is_active=False)


def delete_the_row(_: Browser) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM accounts_session")


ENDS: list[End] = [
    replay,
    Browser.sign_out,
    Browser.sign_out_everywhere,
    end_device,
    end_in_the_admin,
    end_by_the_command,
    sign_in_as_another,
    sign_in_elsewhere_once_too_often,
    Browser.change_password,
    reset_the_password,
    close_account,
    delete_the_row,
]


@pytest.fixture(autouse=True)
def _one_session_an_account(settings: Any) -> None:
    settings.JWT_ALLAUTH_MAX_SESSIONS = 1
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"


@pytest.fixture
def link(signed_in: Browser) -> str:
    signed_in.change_profile(email=NEW)
    return link_to(NEW)


@pytest.mark.parametrize("end", ENDS)
def test_link_to_another_address_moves_nothing(end: End, signed_in: Browser, link: str) -> None:
    end(signed_in)

    assert Browser().get(link).status_code == 400

    assert not User.objects.filter(email=NEW).exists()
    assert not EmailChange.objects.exists()


def test_email_to_another_address_is_not_sent(signed_in: Browser) -> None:
    signed_in.change_profile(email=NEW)

    signed_in.sign_out()

    assert emails_to(NEW) == []


@pytest.mark.parametrize("end", ENDS)
def test_pending_secret_activates_nothing(end: End, signed_in: Browser, user: User) -> None:
    app = signed_in.set_up()

    end(signed_in)

    assert not PendingSecret.objects.exists()
    other = Browser()
    for password in (PASSWORD, NEW_PASSWORD):
        if other.sign_in(user.email, password).status_code == 200:
            assert refusal(other.activate(app.code())) == (400, "mfa_setup_not_started")


def change_password_and_keep_sessions(browser: Browser) -> None:
    with override_settings(LOGOUT_ON_PASSWORD_CHANGE=False):
        assert browser.change_password().status_code == 200


def save_another_password(_: Browser) -> None:
    save(User.objects.get(), password=NEW_PASSWORD)


def update_the_password(_: Browser) -> None:
    """``update`` sends no signal: only the fingerprint of the challenge shows it."""
    User.objects.update(password="!another")


def move_to_another_address(browser: Browser) -> None:
    browser.change_profile(email=NEW)
    assert Browser().get(link_to(NEW)).status_code == 302


@pytest.mark.parametrize(
    "end",
    [
        Browser.sign_out_everywhere,
        Browser.change_password,
        change_password_and_keep_sessions,
        save_another_password,
        update_the_password,
        reset_the_password,
        move_to_another_address,
        close_account,
    ],
)
def test_challenge_ends_with_the_password_the_sessions_and_the_account(
    end: End, signed_in: Browser, user: User
) -> None:
    app = enrol(user).app
    challenge = challenge_for(user)

    end(signed_in)

    assert refusal(Browser().verify(challenge, app.code())) == (400, "invalid_challenge")


def test_expired_session_moves_no_account(user: User, settings: Any) -> None:
    settings.JWT_ALLAUTH_SESSION_LIFETIME = 86_400
    signed_in_as(user).change_profile(email=NEW)
    link = link_to(NEW)

    with later(86_401):
        assert Browser().get(link).status_code == 400


def test_purge_of_a_session_removes_what_it_began(signed_in: Browser, link: str) -> None:
    signed_in.set_up()

    with later(FORTNIGHT + 1):
        tasks.purge_sessions()

    assert not EmailChange.objects.exists()
    assert not PendingSecret.objects.exists()


def test_pending_secret_ends_with_its_challenge(user: User, settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "required"
    Browser().set_up(setup_challenge_for(user))

    with later(301):
        tasks.purge_second_factor()

    assert not PendingSecret.objects.exists()


def test_end_of_a_session_leaves_the_change_that_another_one_began(
    signed_in: Browser, user: User, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MAX_SESSIONS = 2
    thief, owner = signed_in, signed_in_as(user)
    thief.change_profile(email="evil@example.test")
    owner.change_profile(email=NEW)
    thief.sign_out()

    assert Browser().get(link_to(NEW)).status_code == 302
    assert User.objects.get().email == NEW
