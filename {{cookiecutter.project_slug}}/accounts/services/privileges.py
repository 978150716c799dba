"""Compares the privileges of two users: no administrator changes an account that has more."""

from typing import Any

from accounts.conf import switches
from accounts.models import User
from accounts.services import ways_in


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
    """Whether the user is an active ADMIN, and no other one can sign in.

    Locks every active ADMIN, so that two of them cannot demote each other at once.
    """
    active = User.objects.filter(role=User.Role.ADMIN, is_active=True).order_by("pk")
    admins = list(active.select_for_update(no_key=True))
    return user in admins and not any(_can_sign_in(each) for each in admins if each != user)


def _can_sign_in(user: User) -> bool:
    must_verify = switches.email_verification.asks(email_verified=user.email_verified)
    return not must_verify and ways_in.count(user) > 0


def _rank(user: Any) -> tuple[bool, bool, bool]:
    return user.is_superuser, user.role == User.Role.ADMIN, user.is_staff
