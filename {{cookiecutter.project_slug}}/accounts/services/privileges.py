"""Compares the privileges of two users: no administrator changes an account that has more."""

from typing import Any

from accounts.models import User


def has_more_privileges(user: User, *, than: Any) -> bool:
    """Whether ``user`` has a role, a flag or a permission that ``than`` lacks."""
    if than.is_superuser:
        return False
    # Read again: a group may have got a permission since.
    user = User.objects.get(pk=user.pk)
    # Django gives an inactive account no permissions, but it can be activated again.
    user.is_active = True
    lacks = user.get_all_permissions() - than.get_all_permissions()
    return bool(lacks) or _rank(user) > _rank(than)


def _rank(user: Any) -> tuple[bool, bool, bool]:
    return user.is_superuser, user.role == User.Role.ADMIN, user.is_staff
