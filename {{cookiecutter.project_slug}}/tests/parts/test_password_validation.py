"""Passwords: long, not easy to guess, and of whatever characters."""

from typing import Any

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts.models import User
from accounts.password_validation import own_names


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
        # Whatever the characters: no rule asks for some, or forbids them.
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
