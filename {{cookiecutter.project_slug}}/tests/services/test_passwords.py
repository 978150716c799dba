"""Passwords: the account that a guess is about."""

import pytest

from accounts.models import User
from accounts.services.passwords import verification
from tests.people import make_user

pytestmark = pytest.mark.django_db


def test_address_is_found_however_it_is_written(user: User) -> None:
    make_user()

    assert verification.find_user(user.email.upper()) == user


def test_unknown_address_is_nobodys(user: User) -> None:
    assert verification.find_user(f"x{user.email}") is None
