"""Connected accounts in Django admin: on the page of their user, and to disconnect."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts.admin.belongings import WayInAdmin
from accounts.admin.users import UserAdmin
from accounts.models import User
from accounts.services import ways_in
from core.read_only_admin import ReadOnly
from social_login import social_accounts
from social_login.flows import accounts
from social_login.models import SocialAccount

SHOWN = ("created_at", "last_used_at")


class SocialAccountInline(ReadOnly, admin.TabularInline):
    model = SocialAccount
    verbose_name_plural = _("Connected accounts")
    fields = readonly_fields = SHOWN
    ordering = ("created_at",)
    can_delete = False
    show_change_link = True
    extra = 0


@admin.register(SocialAccount)
class SocialAccountAdmin(WayInAdmin):
    """Deleting a row disconnects the account, unless it is the last way to sign in."""

    list_display = ("user", "provider", "email", *SHOWN)
    list_select_related = ("user",)
    search_fields = ("user__email", "email")
    list_filter = ("provider",)
    ordering = ("-created_at",)
    fields = readonly_fields = (*list_display, "subject")

    def is_last_way_in(self, row: SocialAccount) -> bool:
        return ways_in.is_last(row, among=social_accounts.usable_by(row.user))

    def delete_for(self, row: SocialAccount, *, by: User) -> None:
        accounts.disconnect_for(row.user, account_id=row.pk, by=by)


UserAdmin.inlines.append(SocialAccountInline)
UserAdmin.deleted_with_account.append(SocialAccount)
