"""The action of Django admin that sends an invitation again."""

from typing import cast

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.conf import switches
from accounts.flows import invitation
from accounts.models import User
from core.ratelimit.throttling import LimitReached


class InvitationActions(admin.ModelAdmin):
    @admin.action(description=_("Send the invitation again"), permissions=["reset"])
    def send_invitation_again(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """For users who have not accepted it. The links of earlier e-mails stop working."""
        allowed = [user for user in queryset if self.has_change_permission(request, user)]
        done = sum(self._send(request, user) for user in allowed)
        sentence = _("{done} invitations were sent again. {left} users have none, or too many.")
        self.message_user(request, sentence.format(done=done, left=len(queryset) - done))

    @transaction.atomic
    def _send(self, request: HttpRequest, user: User) -> bool:
        by, now = cast(User, request.user), timezone.now()
        try:
            is_sent = switches.invitations and invitation.send_again(user, by=by, now=now)
        except LimitReached:
            return False
        if is_sent:
            self.log_change(request, user, "Sent the invitation again.")
        return is_sent
