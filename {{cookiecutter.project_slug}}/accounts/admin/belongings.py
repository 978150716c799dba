"""Base of the admin classes for the ways in that belong to a user."""

from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from accounts.errors import LastWayIn
from accounts.models import User
from accounts.services.privileges import has_more_privileges
from core.admin_search import AddressSearchAdmin
from core.read_only_admin import ReadOnly


class WayInAdmin(ReadOnly, AddressSearchAdmin):
    """Administrators delete the rows of others, one at a time. The last way to sign in stays."""

    actions = None

    def is_last_way_in(self, row: Any) -> bool:
        raise NotImplementedError

    def delete_for(self, row: Any, *, by: User) -> None:
        """Deletes the row, unless it has become the last way in."""
        raise NotImplementedError

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        actor = cast(User, request.user)
        may_delete = super().has_delete_permission(request, obj) and actor.role == User.Role.ADMIN
        # Without a row, Django asks before it says that the row is gone.
        return may_delete and (obj is None or self._may_delete(obj, actor))

    def _may_delete(self, row: Any, actor: User) -> bool:
        return (
            row.user != actor
            and not has_more_privileges(row.user, than=actor)
            and not self.is_last_way_in(row)
        )

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        try:
            self.delete_for(obj, by=cast(User, request.user))
        except LastWayIn:
            raise PermissionDenied from None
