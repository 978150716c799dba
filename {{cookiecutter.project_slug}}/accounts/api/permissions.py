"""Permissions that the access token decides, without a query."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.errors import VerifiedEmailRequired


def HasRole(*roles: str) -> type[BasePermission]:  # noqa: N802  it stands where a class does
    """A permission for some roles. A demotion takes effect when the access token expires."""

    class RolePermission(BasePermission):
        def has_permission(self, request: Request, view: Any) -> bool:
            return getattr(request.user, "role", None) in roles

    return RolePermission


class IsEmailVerified(BasePermission):
    message = VerifiedEmailRequired.default_detail
    code = VerifiedEmailRequired.default_code

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(getattr(request.user, "email_verified", False))
