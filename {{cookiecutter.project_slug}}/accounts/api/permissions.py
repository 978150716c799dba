"""What people may do, as their access token says; none of these costs a query."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request


class RolePermission(BasePermission):
    """Made by ``HasRole``."""

    roles: frozenset[str] = frozenset()

    def has_permission(self, request: Request, view: Any) -> bool:
        return getattr(request.user, "role", None) in self.roles


def HasRole(*roles: str) -> type[BasePermission]:  # noqa: N802  it stands where a class does
    """``permission_classes = [HasRole(User.Role.STAFF, User.Role.ADMIN)]``; costs no query.

    The role is the one in the access token: a demotion ends the person's sessions, and reaches the
    views that use this when the access token expires.
    """
    return type("HasRole", (RolePermission,), {"roles": frozenset(roles)})


class IsEmailVerified(BasePermission):
    """The person has shown that their mailbox is theirs; costs no query."""

    message = "Verify your e-mail address first."
    code = "email_not_verified"

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(getattr(request.user, "email_verified", False))
