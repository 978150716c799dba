"""The ways in which a user can sign in. A feature registers its own."""

from collections.abc import Callable

from accounts.models import User


class LastWayInError(Exception):
    """The user could not sign in any more."""


Count = Callable[[User], int]


def _passwords(user: User) -> int:
    return int(user.has_usable_password())


_counts: list[Count] = [_passwords]


def register(count: Count) -> None:
    _counts.append(count)


def count(user: User) -> int:
    return sum(each(user) for each in _counts)
