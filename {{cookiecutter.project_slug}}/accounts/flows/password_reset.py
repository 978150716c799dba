"""Password reset: back in by way of the mailbox.

1. The request writes an e-mail down for any address; the worker finds out whose it is.
2. The link in the e-mail leaves a cookie and leads to a form, the owner's or the built-in one. It
   can be opened again until the password is set, for mail scanners open links.
3. The cookie sets the new password: one conditional UPDATE, so it works once.
4. That ends every session, link, cookie and pending address, and verifies the address.
5. ``sign_in.complete_sign_in`` signs the person in.
"""

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlsafe_base64_encode
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import emails, notices, revocation, sign_in
from accounts.api.cookies import REFRESH_COOKIE
from accounts.api.csrf import enforce_csrf
from accounts.api.endpoints import PublicEndpoint
from accounts.api.fields import AddressField, NewPasswordInput
from accounts.api.openapi import sign_in_responses
from accounts.api.requests import client_of
from accounts.api.responses import DetailOutput, SetPasswordOutput, answer_password_set
from accounts.conf import switches
from accounts.errors import TokenNotValid
from accounts.models import User
from accounts.pages.link_cookies import PASSWORD_RESET_COOKIE
from accounts.pages.responses import redirect_to, show, show_bad_link, show_password_form
from accounts.pages.views import Page
from accounts.services import email_addresses
from accounts.services.client import Client
from accounts.services.credentials import Credentials
from accounts.services.email_limits import count_email
from accounts.services.links import bindings, signed_links
from accounts.services.links.signed_links import LinkNotValid, Purpose, SignedLink
from accounts.services.mfa import authenticators
from accounts.services.passwords import verification
from accounts.sign_in import SignInResult
from core.errors import refused
from core.logging import security_log
from core.ratelimit.throttling import ScopedRateThrottle, UserRateThrottle
from mail import outbox
from mail.messages import Email

ASKED = "If an account with this e-mail address exists, we have sent it a link."


class PasswordResetInput(serializers.Serializer[Any]):
    email = AddressField()


def request_reset(*, email: str, now: datetime) -> None:
    """
    Raises:
        LimitReached: there were too many for this address, whether it has an account or not.
    """
    count_email("password_reset_account", to=email)
    security_log.record("password_reset_asked")
    outbox.post(
        emails.password_reset,
        to=email,
        bound_to=bindings.bind_to_address(email),
        not_after=now + switches.password_reset_lifetime,
    )


class PasswordResetView(PublicEndpoint, APIView):
    """Request a password reset link. The response is the same for every address."""

    throttle_scope = "password_reset"

    @extend_schema(request=PasswordResetInput, responses={200: DetailOutput, **refused(400)})
    def post(self, request: Request) -> Response:
        form = PasswordResetInput(data=request.data)
        form.is_valid(raise_exception=True)
        request_reset(**form.validated_data, now=timezone.now())
        return Response({"detail": ASKED})


class PasswordResetLink(Page):
    """The link in the e-mail."""

    def get(self, request: HttpRequest, uidb64: str, token: str) -> HttpResponse:
        now = timezone.now()
        try:
            link = _read(uidb64, token, now)
        except LinkNotValid:
            return self._refuse(request)
        response = redirect_to(
            settings.PASSWORD_RESET_REDIRECT or reverse("default_password_reset")
        )
        PASSWORD_RESET_COOKIE.leave(request, response, link, now=now)
        return response

    def _refuse(self, request: HttpRequest) -> HttpResponse:
        front_end = settings.PASSWORD_RESET_REDIRECT
        if not front_end:
            return show_bad_link(request, "reset")
        parts = urlsplit(front_end)
        query = "&".join(filter(None, [parts.query, "error=invalid_link"]))
        return redirect_to(parts._replace(query=query).geturl())


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
            next_url=reverse("jwt_allauth_password_reset_complete"),
        )


class PasswordResetComplete(BuiltInPage):
    def get(self, request: HttpRequest) -> HttpResponse:
        context = {"signs_in": REFRESH_COOKIE in request.COOKIES}
        return show(request, "pages/password_reset_complete.html", context)


def set_new_password(
    *, link: SignedLink, new_password: str, client: Client, now: datetime
) -> SignInResult:
    """Sets the password, revokes what was opened before, and signs in.

    Raises:
        TokenNotValid: the link was used, or the account changed, in the meantime.
    """
    user = link.user
    with transaction.atomic():
        if not verification.replace_password(user=user, new_password=new_password):
            raise TokenNotValid
        # Read before the hash was made, and a second factor may have come in that time.
        user.refresh_from_db(fields=["email_verified", *User.SECOND_FACTOR, "role"])
        is_removed = _remove_unproven_second_factor(user, client)
        revocation.revoke_all(user)
        _tell(emails.password_changed, user, client)
        email_addresses.mark_verified(user)
    security_log.record("password_set", account=user.pk, way="reset")
    if is_removed:
        security_log.record("second_factor_off", account=user.pk, reason="password_reset")
    return sign_in.complete_sign_in_by_link(Credentials.of(user), client=client, now=now)


def _remove_unproven_second_factor(user: User, client: Client) -> bool:
    if not user.has_second_factor or authenticators.survive_reset(user):
        return False
    authenticators.remove_all(user)
    _tell(emails.second_factor_off_by_reset, user, client)
    return True


def _tell(email: Email, user: User, client: Client) -> None:
    # The link, or the cookie that it left, has just shown the mailbox.
    notices.tell_owner(email, to=user.email, verified=True, parameters={"ip": client.ip})


class SetNewPasswordView(PublicEndpoint, APIView):
    """Set the new password, with the cookie that the link has set."""

    throttle_classes = (UserRateThrottle, ScopedRateThrottle)
    throttle_scope = "set_password"

    @extend_schema(
        request=NewPasswordInput,
        responses={
            200: sign_in_responses("PasswordSet", SetPasswordOutput),
            **refused(400, 401, 403),
        },
    )
    def post(self, request: Request) -> Response:
        now = timezone.now()
        try:
            link = PASSWORD_RESET_COOKIE.link(request, now=now)
        except LinkNotValid:
            raise TokenNotValid from None
        enforce_csrf(request)
        form = NewPasswordInput(data=request.data, context={"user": link.user})
        form.is_valid(raise_exception=True)
        result = set_new_password(
            link=link,
            new_password=form.validated_data["new_password1"],
            client=client_of(request),
            now=now,
        )
        response = answer_password_set(result, now=now)
        PASSWORD_RESET_COOKIE.clear(response)
        return response


def _read(uidb64: str, token: str, now: datetime) -> SignedLink:
    link = signed_links.read(Purpose.PASSWORD_RESET, token, now=now)
    if uidb64 != urlsafe_base64_encode(link.user.pk.bytes):
        raise LinkNotValid
    return link
