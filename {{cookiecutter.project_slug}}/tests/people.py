"""People to test with."""

from itertools import count
from typing import Any

from accounts.models import User

PASSWORD = "a right good pass phrase"
_numbers = count()


def make_user(**fields: Any) -> User:
    """A person with a verified address of their own and ``PASSWORD``, unless told otherwise."""
    defaults = {
        "email": f"person{next(_numbers)}@example.test",
        "email_verified": True,
        "password": PASSWORD,
        "first_name": "Ada",
        "last_name": "O'Brien",
    }
    return User.objects.create_user(**{**defaults, **fields})
