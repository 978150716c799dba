"""Password reset: back in by way of the mailbox.

1. The request writes a letter down for any address; the worker finds out whose it is.
2. The link in the letter leaves a cookie and leads to a form, the owner's or the built-in one. It
   can be opened again until the password is set, for mail scanners open links.
3. The cookie sets the new password: one conditional UPDATE, so it works once.
4. That ends every session, link, cookie and pending address, and verifies the address.
5. ``entry.admit`` signs the person in.
"""

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlsafe_base64_encode
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import capabilities, letters
from accounts.capabilities import Capability, CapabilityNotValid, Purpose
from accounts.conf import switches
from accounts.http import REFRESH_COOKIE, DetailOutput, PublicEndpoint
from accounts.inputs import AddressField, count_email
from accounts.pages import (
    PASSWORD_RESET_COOKIE,
    Page,
    lead_on,
    show,
    show_bad_link,
    show_password_form,
)
from accounts.set_password import SetPasswordView
from core import security_log
from core.errors import refused
from mail import outbox

ASKED = "If an account with this e-mail address exists, we have sent it a link."


class PasswordResetInput(serializers.Serializer[Any]):
    email = AddressField()


def ask_for_reset(*, email: str, now: datetime) -> None:
    """
    Raises:
        LimitReached: there were too many for this address, whether it has an account or not.
    """
    count_email("password_reset_account", to=email)
    security_log.record("password_reset_asked")
    outbox.post(
        letters.password_reset,
        to=email,
        bound_to=capabilities.binding_of(email),
        not_after=now + switches.password_reset_lifetime,
    )


class PasswordResetView(PublicEndpoint, APIView):
    """Request a password reset link. The response is the same for every address."""

    throttle_scope = "password_reset"

    @extend_schema(request=PasswordResetInput, responses={200: DetailOutput, **refused(400)})
    def post(self, request: Request) -> Response:
        form = PasswordResetInput(data=request.data)
        form.is_valid(raise_exception=True)
        ask_for_reset(**form.validated_data, now=timezone.now())
        return Response({"detail": ASKED})


class PasswordResetLink(Page):
    """The link in the e-mail."""

    def get(self, request: HttpRequest, uidb64: str, token: str) -> HttpResponse:
        now = timezone.now()
        try:
            link = _read(uidb64, token, now)
        except CapabilityNotValid:
            return self._refuse(request)
        response = lead_on(settings.PASSWORD_RESET_REDIRECT or reverse("default_password_reset"))
        PASSWORD_RESET_COOKIE.hand_over(request, response, link, now=now)
        return response

    def _refuse(self, request: HttpRequest) -> HttpResponse:
        front_end = settings.PASSWORD_RESET_REDIRECT
        if not front_end:
            return show_bad_link(request, "reset")
        parts = urlsplit(front_end)
        query = "&".join(filter(None, [parts.query, "error=invalid_link"]))
        return lead_on(parts._replace(query=query).geturl())


class BuiltInPage(Page):
    """The built-in form, where ``PASSWORD_RESET_REDIRECT`` names no other."""

    @staticmethod
    def is_on() -> bool:
        return not settings.PASSWORD_RESET_REDIRECT


class PasswordResetForm(BuiltInPage):
    def get(self, request: HttpRequest) -> HttpResponse:
        return show_password_form(
            request,
            PASSWORD_RESET_COOKIE,
            action=reverse("rest_password_reset_set_new"),
            goes_on=reverse("jwt_allauth_password_reset_complete"),
        )


class PasswordResetComplete(BuiltInPage):
    def get(self, request: HttpRequest) -> HttpResponse:
        context = {"signs_in": REFRESH_COOKIE in request.COOKIES}
        return show(request, "pages/password_reset_complete.html", context)


class SetNewPasswordView(SetPasswordView):
    """Set the new password, with the cookie that the link has set."""

    cookie = PASSWORD_RESET_COOKIE


def _read(uidb64: str, token: str, now: datetime) -> Capability:
    link = capabilities.read(Purpose.PASSWORD_RESET, token, now=now)
    if uidb64 != urlsafe_base64_encode(link.user.pk.bytes):
        raise CapabilityNotValid
    return link
