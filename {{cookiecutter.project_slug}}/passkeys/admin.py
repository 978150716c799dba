"""Passkeys in Django admin: on the page of their user, and to delete."""

from typing import Any, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from accounts.admin.users import UserAdmin
from accounts.models import User
from accounts.services.privileges import has_more_privileges
from core.admin_search import AddressSearchAdmin
from core.read_only_admin import ReadOnly
from passkeys import store
from passkeys.errors import LastWayIn
from passkeys.flows import management
from passkeys.models import Passkey

SHOWN = ("created_at", "last_used_at", "backed_up")


class PasskeyInline(ReadOnly, admin.TabularInline):
    model = Passkey
    fields = readonly_fields = SHOWN
    ordering = ("pk",)
    can_delete = False
    show_change_link = True
    extra = 0


@admin.register(Passkey)
class PasskeyAdmin(ReadOnly, AddressSearchAdmin):
    """Deleting a passkey tells its owner. One's own is deleted in the application.

    The last way to sign in stays.
    """

    list_display = ("user", "name", *SHOWN)
    list_select_related = ("user",)
    search_fields = ("user__email", "name")
    ordering = ("-created_at",)
    fields = readonly_fields = (*list_display, "user_verified", "transports", "aaguid")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuses the bulk action, which passes no ``obj``."""
        actor = cast(User, request.user)
        return (
            obj is not None
            and super().has_delete_permission(request, obj)
            and actor.role == User.Role.ADMIN
            and obj.user != actor
            and not has_more_privileges(obj.user, than=actor)
            and not store.is_last_way_in(obj)
        )

    def delete_model(self, request: HttpRequest, obj: Passkey) -> None:
        try:
            management.delete_for(obj.user, passkey_id=obj.pk, by=cast(User, request.user))
        except LastWayIn:
            raise PermissionDenied from None


UserAdmin.inlines.append(PasskeyInline)
