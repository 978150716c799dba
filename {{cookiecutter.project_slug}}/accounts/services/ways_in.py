"""The ways in which a user can sign in. A feature registers its own."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet

from accounts.models import User

Count = Callable[[User], int]


def _passwords(user: User) -> int:
    return int(user.has_usable_password())


_usable: list[Count] = [_passwords]
_held: list[Count] = [_passwords]


def register(usable: Count, *, held: Count | None = None) -> None:
    """
    Args:
        usable: counts those that work now.
        held: counts those that are switched off, too. None where no setting does that.
    """
    _usable.append(usable)
    _held.append(held or usable)


def count(user: User) -> int:
    return sum(each(user) for each in _usable)


def is_last(row: Any, *, among: QuerySet[Any]) -> bool:
    """Whether the user of the row has no other way to sign in.

    Args:
        among: the ways in of its kind that work now.
    """
    # In this order: one that is deleted in the meantime was not the last.
    return count(row.user) == 1 and among.filter(pk=row.pk).exists()


def is_personal(user: User) -> bool:
    """Whether the account is that of a person: someone signs in to it, or is invited to.

    It stays so while the only way to sign in is switched off.
    """
    is_known = user.has_second_factor or user.invited_at is not None
    return is_known or any(each(user) for each in _held)
