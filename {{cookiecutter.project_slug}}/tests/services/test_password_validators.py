"""Passwords are long and hard to guess, and have any characters."""

from typing import Any

import pytest
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from accounts.models import User
from accounts.models.validators import PASSWORD_MAX_LENGTH
from accounts.services.passwords.validators import own_names
from tests.client import Browser
from tests.people import make_user


@pytest.fixture(autouse=True)
def _names(settings: Any) -> None:
    settings.PROJECT_NAME = "Green Gate"
    settings.PUBLIC_URL = "https://api.greengate-shop.example.test"


def test_names_of_the_site_are_those_of_the_project_and_its_address() -> None:
    assert set(own_names()) == {"greengate", "green", "gate", "shop", "example"}


@pytest.mark.parametrize(
    "password",
    ["greengate", "GreenGate2026!", "green gate 1", "gate-gate-gate", "my greengate", "shop4you"],
)
def test_name_of_the_site_with_a_little_added_is_refused(password: str) -> None:
    with pytest.raises(ValidationError, match="name of this site"):
        validate_password(password)


@pytest.mark.parametrize(
    "password",
    [
        "what the greengate keeper saw",
        "a word of api and of test",
        # No rule requires a kind of characters or forbids one.
        "84710365298417",
        "jujujajajojo",
        "   a b c d e   ",
        "пароль для всех",
        "🐢🐢🐦🐦🐧🐧🐨🐨",
        "x1" + "y" * 100,
        "q7x!kz0v",
    ],
)
def test_anything_else_that_is_long_is_taken(password: str) -> None:
    validate_password(password, User(email="ada@example.test"))


@pytest.mark.parametrize("password", ["12345678", "password1", "q7x!kz0", "qwertyuiop"])
def test_short_and_common_ones_are_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password)


def test_own_address_is_refused() -> None:
    with pytest.raises(ValidationError, match="similar"):
        validate_password("ada.lovelace", User(email="ada.lovelace@example.test"))


LONGEST = "a longer phrase of many words " * 4 + "and more"
UNACCEPTED = {
    "too long": LONGEST + "!",
    "much too long": "a right good pass phrase " * 7,
    "NUL": "a right good\x00pass phrase",
    "lone surrogate": "a right good\udcffpass phrase",
}
every_unaccepted_password = pytest.mark.parametrize(
    "password", UNACCEPTED.values(), ids=UNACCEPTED.keys()
)


@pytest.mark.django_db
def test_longest_password_signs_in(browser: Browser) -> None:
    user = make_user(password=LONGEST)

    assert len(LONGEST) == PASSWORD_MAX_LENGTH
    assert browser.sign_in(user.email, LONGEST).status_code == 200


@pytest.mark.django_db
@every_unaccepted_password
def test_password_that_the_login_refuses_is_refused(password: str, user: User) -> None:
    form = AdminPasswordChangeForm(user, {"password1": password, "password2": password})

    with pytest.raises(ValidationError):
        validate_password(password)
    assert not form.is_valid()


@pytest.mark.django_db
@pytest.mark.parametrize("password", ["", UNACCEPTED["too long"], UNACCEPTED["lone surrogate"]])
def test_createsuperuser_refuses_a_password_that_the_login_refuses(
    password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", password)

    with pytest.raises(CommandError, match="This password"):
        call_command("createsuperuser", "--noinput", email="root@example.test")

    assert not User.objects.exists()
