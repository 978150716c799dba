"""Passkeys in Django admin: on the page of their user, and to delete."""

from django.contrib import admin

from accounts.admin.belongings import WayInAdmin
from accounts.admin.users import UserAdmin
from accounts.models import User
from accounts.services import ways_in
from core.read_only_admin import ReadOnly
from passkeys import store
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
class PasskeyAdmin(WayInAdmin):
    """Deleting a passkey tells its owner. One's own is deleted in the application.

    The last way to sign in stays.
    """

    list_display = ("user", "name", *SHOWN)
    list_select_related = ("user",)
    search_fields = ("user__email", "name")
    ordering = ("-created_at",)
    fields = readonly_fields = (*list_display, "user_verified", "transports", "aaguid")

    def is_last_way_in(self, row: Passkey) -> bool:
        return ways_in.is_last(row, among=store.usable_by(row.user))

    def delete_for(self, row: Passkey, *, by: User) -> None:
        management.delete_for(row.user, passkey_id=row.pk, by=by)


UserAdmin.inlines.append(PasskeyInline)
UserAdmin.deleted_with_account.append(Passkey)
