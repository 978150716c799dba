"""Users to test with."""

from itertools import count
from typing import Any

from django.utils import timezone

from accounts.models import User
from accounts.services.client import Client
from accounts.services.credentials import Credentials
from accounts.services.passwords import verification
from accounts.services.passwords.hashers import Argon2PasswordHasher


class CheapPasswordHasher(Argon2PasswordHasher):
    """Its hashes are good ones to the project's own hasher, too."""

    time_cost = 1
    memory_cost = 8


PASSWORD = "a right good pass phrase"
NEW_PASSWORD = "another good pass phrase"
_numbers = count()


def make_user(**fields: Any) -> User:
    """A user with a verified address and ``PASSWORD``, unless told otherwise."""
    defaults = {
        "email": f"person{next(_numbers)}@example.test",
        "email_verified": True,
        "password": PASSWORD,
        "first_name": "Ada",
        "last_name": "O'Brien",
    }
    return User.objects.create_user(**{**defaults, **fields})


def save(user: User, **changes: Any) -> None:
    """Changes the account as a script does, which sends the signals of a save."""
    row = User.objects.get(pk=user.pk)
    if "password" in changes:
        row.set_password(changes.pop("password"))
    for name, value in changes.items():
        setattr(row, name, value)
    row.save()


def prove(user: User) -> Credentials | None:
    """As a login does before it opens the session."""
    return verification.verify_credentials(
        email=user.email, password=PASSWORD, client=Client(None, ""), now=timezone.now()
    )
