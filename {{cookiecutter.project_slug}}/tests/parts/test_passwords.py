"""Passwords: the account that a guess is about."""

from typing import Any

import pytest

from accounts import passwords
from accounts.models import User
from tests.people import make_user

pytestmark = pytest.mark.django_db

READ = ("email", "password", "is_active", "email_verified", "has_second_factor")


def everything(user: User) -> dict[str, Any]:
    return {name: value for name, value in vars(user).items() if name != "_state"}


def test_raw_finding_equals_the_plain_one(user: User) -> None:
    make_user()
    plain = User.objects.only(*READ).get(email=user.email)

    found = passwords.find(user.email.upper())

    assert found is not None
    assert everything(found) == everything(plain)
    # Some of it comes only when it is asked for.
    state = vars(plain._state)
    assert {name: getattr(found._state, name) for name in state} == state
    assert found.first_name == user.first_name, "the rest is read when it is asked for"


def test_unknown_address_is_nobodys(user: User) -> None:
    assert passwords.find(f"x{user.email}") is None
