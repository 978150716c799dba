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


def is_last_active_admin(user: User) -> bool:
    """Locks every active ADMIN, so that two of them cannot demote each other at once."""
    # An ADMIN who has not accepted the invitation does not count.
    active_admins = (
        User.objects.filter(role=User.Role.ADMIN, is_active=True)
        .exclude(User.INVITED)
        .order_by("pk")
    )
    locked = active_admins.select_for_update(no_key=True).values_list("pk", flat=True)
    return list(locked) == [user.pk]


def _rank(user: Any) -> tuple[bool, bool, bool]:
    return user.is_superuser, user.role == User.Role.ADMIN, user.is_staff
