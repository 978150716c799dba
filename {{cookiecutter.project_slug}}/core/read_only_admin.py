"""What Django admin shows and does not change."""

from typing import Any

from django.http import HttpRequest


class ReadOnly:
    """For an admin class or an inline, in front of its other base classes."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
