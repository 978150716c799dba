"""The page of Django admin that invites a user."""

from typing import Any, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.admin.forms import InvitationForm
from accounts.conf import switches
from accounts.flows import invitation
from accounts.models import User
from core.ratelimit.throttling import LimitReached


class InvitationPage(admin.ModelAdmin):
    """By the same function as the API, so that the same accounts are refused."""

    def get_urls(self) -> Any:
        view = self.admin_site.admin_view(self.invite)
        return [path("invite/", view, name="accounts_user_invite"), *super().get_urls()]

    def may_invite(self, request: HttpRequest) -> bool:
        is_admin = cast(User, request.user).role == User.Role.ADMIN
        return switches.invitations and is_admin and self.has_add_permission(request)

    def invite(self, request: HttpRequest) -> HttpResponse:
        if not self.may_invite(request):
            raise PermissionDenied
        form = InvitationForm(request.POST or None)
        user = self._send(request, form) if form.is_valid() else None
        if user is not None:
            self.message_user(request, _("The invitation to {user} is sent.").format(user=user))
            return redirect(f"{self.admin_site.name}:accounts_user_change", user.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Invite a user"),
            "form": form,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/accounts/user/invite.html", context)

    def _send(self, request: HttpRequest, form: InvitationForm) -> User | None:
        """Returns None for an invitation that is refused, and says why in the form."""
        by, now = cast(User, request.user), timezone.now()
        try:
            with transaction.atomic():
                user = invitation.invite(**form.cleaned_data, by=by, now=now)
                self.log_change(request, user, "Invited the user.")
                return user
        except serializers.ValidationError as refusal:
            form.add_error("email", cast(Any, refusal.detail)["email"])
        except LimitReached:
            form.add_error("email", _("Too many e-mails were sent to it. Try again later."))
        return None
