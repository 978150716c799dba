"""Compares what two people may do: nobody changes an account that holds more than theirs."""

from typing import Any

from accounts.models import User


def has_more_privileges(person: User, *, than: Any) -> bool:
    """Whether the person has a role, a flag or a permission that the other one lacks.

    The person is read again: a group may have brought a permission since the page was shown.
    """
    if than.is_superuser:
        return False
    person = User.objects.get(pk=person.pk)
    # Django gives an inactive account no permissions. They come back when it is activated.
    person.is_active = True
    lacks = person.get_all_permissions() - than.get_all_permissions()
    return bool(lacks) or _rank(person) > _rank(than)


def _rank(person: Any) -> tuple[bool, bool, bool]:
    return person.is_superuser, person.role == User.Role.ADMIN, person.is_staff
