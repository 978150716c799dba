"""Sessions in Django admin."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.models import Session
from accounts.services.privileges import has_more_privileges
from accounts.services.sessions import store
from core.admin_search import AddressSearchAdmin
from core.read_only_admin import ReadOnly


@admin.register(Session)
class SessionAdmin(ReadOnly, AddressSearchAdmin):
    """Deleting a session signs the device out. Sessions cannot be changed."""

    list_display = ("user", "user_agent", "ip_address", "created_at", "rotated_at", "expires_at")
    list_select_related = ("user",)
    search_fields = ("user__email", "ip_address")
    ordering = ("-created_at",)
    fields = (*list_display, "id")
    readonly_fields = fields

    class Media:
        css: ClassVar = {"all": ["admin/accounts.css"]}

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may_delete = super().has_delete_permission(request, obj)
        return may_delete and not (obj and has_more_privileges(obj.user, than=request.user))

    def delete_model(self, request: HttpRequest, obj: Session) -> None:
        store.revoke(session_id=obj.pk, user_id=obj.user_id)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Session]) -> None:
        for session in queryset:
            self.delete_model(request, session)
