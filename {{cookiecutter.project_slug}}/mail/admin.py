"""The outbox in Django admin."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core.admin_search import AddressSearchAdmin
from mail import outbox
from mail.models import Mail


@admin.register(Mail)
class MailAdmin(AddressSearchAdmin):
    list_display = ("created_at", "kind", "recipient", "state", "attempts", "due_at", "error")
    list_filter = ("state", "kind")
    search_fields = ("recipient",)
    ordering = ("-created_at",)
    fields = (*list_display, "failed_here", "sent_at", "not_after", "id")
    readonly_fields = fields
    actions = ("send_again",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # The action needs this permission. The page of an e-mail is read-only.
        return obj is None and super().has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # A pending e-mail may inform the owner of a change to the account.
        is_pending = obj is not None and obj.state == Mail.State.PENDING
        return super().has_delete_permission(request, obj) and not is_pending

    @admin.action(description=_("Send dead e-mails again"), permissions=["change"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Mail]) -> None:
        revived = sum(outbox.send_again(mail) for mail in queryset)
        sentence = _("{revived} of {all} e-mails will be sent again.")
        messages.info(request, sentence.format(revived=revived, all=len(queryset)))
