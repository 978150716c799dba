"""The history of accounts in Django admin, read-only."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import SecurityEvent
from accounts.services import history
from core.admin_search import AddressSearchAdmin
from core.read_only_admin import ReadOnly


@admin.register(SecurityEvent)
class SecurityEventAdmin(ReadOnly, AddressSearchAdmin):
    list_display = ("at", "sentence", "user", "network", "user_agent")
    list_select_related = ("user",)
    search_fields = ("user__email", "event")
    ordering = ("-at",)
    fields = (*list_display, "event", "facts")
    readonly_fields = fields

    class Media:
        css: ClassVar = {"all": ["admin/accounts.css"]}

    @admin.display(description=_("What happened"))
    def sentence(self, event: SecurityEvent) -> str:
        return history.sentence_for(event)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
