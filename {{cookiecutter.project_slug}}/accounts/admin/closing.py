"""The actions of Django admin that close accounts and keep them."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException

from accounts.flows import closing
from accounts.models import User


class ClosingActions(admin.ModelAdmin):
    """For administrators, and not for their own account: they close it in the application."""

    @admin.action(description=_("Close the selected accounts"), permissions=["reset"])
    def close_accounts(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        sentence = _("{done} accounts were closed, {left} were not. They get an e-mail.")
        self._do(request, queryset, self._close, sentence)

    @admin.action(description=_("Keep the selected accounts"), permissions=["reset"])
    def keep_accounts(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        sentence = _("{done} accounts are active again, {left} were not closed.")
        self._do(request, queryset, self._keep, sentence)

    def _do(
        self,
        request: HttpRequest,
        queryset: QuerySet[User],
        act: Callable[[HttpRequest, User], bool],
        sentence: Any,
    ) -> None:
        others = [user for user in queryset if user != request.user]
        allowed = [user for user in others if self.has_change_permission(request, user)]
        done = sum(act(request, user) for user in allowed)
        self.message_user(request, sentence.format(done=done, left=len(queryset) - done))

    @transaction.atomic
    def _close(self, request: HttpRequest, user: User) -> bool:
        try:
            closing.close(user, now=timezone.now(), by=cast(User, request.user))
        except APIException:
            # An app refuses, or the account is inactive.
            return False
        self.log_change(request, user, "Closed the account.")
        return True

    @transaction.atomic
    def _keep(self, request: HttpRequest, user: User) -> bool:
        is_kept = closing.reopen(user, by=cast(User, request.user))
        if is_kept:
            self.log_change(request, user, "Kept the account.")
        return is_kept
