"""Connected accounts in Django admin: on the page of their user, and to disconnect."""

from typing import Any, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.admin.users import UserAdmin
from accounts.models import User
from accounts.services.privileges import has_more_privileges
from core.admin_search import AddressSearchAdmin
from core.read_only_admin import ReadOnly
from social_login import social_accounts
from social_login.errors import LastWayIn
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
class SocialAccountAdmin(ReadOnly, AddressSearchAdmin):
    """Deleting a row disconnects the account, unless it is the last way to sign in."""

    list_display = ("user", "provider", "email", *SHOWN)
    list_select_related = ("user",)
    search_fields = ("user__email", "email")
    list_filter = ("provider",)
    ordering = ("-created_at",)
    fields = readonly_fields = (*list_display, "subject")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuses the bulk action, which passes no ``obj``."""
        actor = cast(User, request.user)
        return (
            obj is not None
            and super().has_delete_permission(request, obj)
            and actor.role == User.Role.ADMIN
            and obj.user != actor
            and not has_more_privileges(obj.user, than=actor)
            and not social_accounts.is_last_way_in(obj)
        )

    def delete_model(self, request: HttpRequest, obj: SocialAccount) -> None:
        try:
            accounts.disconnect_for(obj.user, account_id=obj.pk, by=cast(User, request.user))
        except LastWayIn:
            raise PermissionDenied from None


UserAdmin.inlines.append(SocialAccountInline)
