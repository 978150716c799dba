"""Permissions that the access token decides, without a query."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import BasePermission
from rest_framework.request import Request


def HasRole(*roles: str) -> type[BasePermission]:  # noqa: N802  it stands where a class does
    """A permission for some roles. A demotion takes effect when the access token expires."""

    class RolePermission(BasePermission):
        def has_permission(self, request: Request, view: Any) -> bool:
            return getattr(request.user, "role", None) in roles

    return RolePermission


class IsEmailVerified(BasePermission):
    message = _("Verify your e-mail address first.")
    code = "email_not_verified"

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(getattr(request.user, "email_verified", False))
