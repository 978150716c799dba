"""Passwords: the account that a guess is about."""

import pytest

from accounts import passwords
from accounts.models import User
from tests.people import make_user

pytestmark = pytest.mark.django_db


def test_address_is_found_however_it_is_written(user: User) -> None:
    make_user()

    assert passwords.find(user.email.upper()) == user


def test_unknown_address_is_nobodys(user: User) -> None:
    assert passwords.find(f"x{user.email}") is None
