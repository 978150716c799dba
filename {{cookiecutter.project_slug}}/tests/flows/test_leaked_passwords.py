"""Leaked passwords over HTTP: refused when they are set, told to the owner when they are used."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from mail.models import Mail
from tests.authenticator import enrol
from tests.client import Browser
from tests.leaks import VALIDATOR, file_of
from tests.mailbox import emails_to
from tests.people import NEW_PASSWORD, PASSWORD, make_user, save
from tests.queries import statements
from tests.races.concurrency import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _leaked(tmp_path: Path, settings: Any) -> None:
    """Both passwords of the tests have been leaked."""
    settings.LEAKED_PASSWORDS_FILE = file_of([PASSWORD, NEW_PASSWORD], tmp_path)
    settings.AUTH_PASSWORD_VALIDATORS = [VALIDATOR]


def told(user: User) -> int:
    return Mail.objects.filter(kind="password_leaked", recipient=user.email).count()


# Setting one


def change(browser: Browser, user: User) -> Any:
    return browser.change_password()


def reset(browser: Browser, user: User) -> Any:
    return browser.reset_password(user.email)


def sign_up(browser: Browser, user: User) -> Any:
    return browser.sign_up("new@example.test")


def sign_up_again(browser: Browser, user: User) -> Any:
    return browser.sign_up(user.email)


@pytest.mark.parametrize("act", [change, reset, sign_up, sign_up_again])
def test_leaked_password_is_refused(act: Any, signed_in: Browser, user: User) -> None:
    response = act(signed_in, user)

    [codes] = response.json()["codes"].values()
    assert (response.status_code, codes) == (400, ["password_leaked"])
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


# Signing in


def test_sign_in_goes_on_and_the_owner_is_told_once(user: User) -> None:
    for _ in range(3):
        assert "access" in Browser().sign_in(user.email).json()

    assert told(user) == 1
    [email] = emails_to(user.email)
    assert email.subject == "Your password has appeared in a data breach"


def test_owner_of_a_second_factor_is_told_before_it_is_shown(user: User, settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    enrol(user)

    assert "challenge_id" in Browser().sign_in(user.email).json()
    assert told(user) == 1


def test_owner_is_told_of_the_next_leaked_password_too(user: User) -> None:
    Browser().sign_in(user.email)
    save(user, password=NEW_PASSWORD)

    Browser().sign_in(user.email, NEW_PASSWORD)

    assert told(user) == 2


def test_other_password_is_told_to_nobody(user: User) -> None:
    other = make_user(password="a pass phrase that nobody leaked")

    with statements(3):
        Browser().sign_in(other.email, "a pass phrase that nobody leaked")

    assert told(other) == 0


def test_owner_is_told_of_a_sign_in_to_django_admin(admin: User) -> None:
    form = {"username": admin.email, "password": PASSWORD}

    assert Client().post(reverse("admin:login"), form).status_code == 302
    assert told(admin) == 1


def test_wrong_password_tells_nobody(user: User) -> None:
    Browser().sign_in(user.email, NEW_PASSWORD)

    assert told(user) == 0


def test_sign_in_asks_no_server(user: User, settings: Any) -> None:
    settings.LEAKED_PASSWORDS_FILE, settings.LEAKED_PASSWORDS_URL = "", "http://127.0.0.1:9/range"

    assert "access" in Browser().sign_in(user.email).json()
    assert told(user) == 0


@pytest.mark.django_db(transaction=True)
def test_of_several_sign_ins_at_once_one_tells_the_owner(user: User) -> None:
    answers = at_once(6, lambda _: Browser().sign_in(user.email).status_code)

    assert set(answers) == {200}
    assert told(user) == 1
