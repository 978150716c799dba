"""Password reset: a user sets a new password with a link in an e-mail.

1. The request posts an e-mail for any address. The worker looks the account up.
2. The link sets a cookie and redirects to a form, the project's or the built-in one. It can be
   opened again until the password is set, because mail scanners open links. A request in body
   transport causes a link to ``PASSWORD_RESET_REDIRECT`` instead, with the token in the fragment.
3. The cookie, or that token, sets the new password in one conditional UPDATE, so it works once.
4. That ends what the account has open (``revocation.revoke_all``), and verifies the address.
   A second factor that was set up before the address was verified is removed, except for staff.
5. ``sign_in.complete_sign_in`` signs the user in.
"""

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import emails, revocation, sign_in
from accounts.api.cookies import REFRESH_COOKIE
from accounts.api.endpoints import PublicEndpoint
from accounts.api.fields import AddressField
from accounts.api.openapi import TransportSchema
from accounts.api.responses import DetailOutput
from accounts.api.set_password import SetPasswordEndpoint
from accounts.api.transport import uses_cookies
from accounts.conf import switches
from accounts.errors import TokenNotValid
from accounts.link_cookies import PASSWORD_RESET_COOKIE
from accounts.models import User
from accounts.pages.responses import redirect_to, show, show_bad_link, show_password_form
from accounts.pages.views import Page
from accounts.services import email_addresses
from accounts.services.client import Client
from accounts.services.email_limits import count_email
from accounts.services.links import bindings, signed_links
from accounts.services.links.signed_links import LinkNotValid, Purpose, SignedLink
from accounts.services.mfa import authenticators
from accounts.services.passwords import replacement
from accounts.sign_in import SignInResult
from accounts.signals import account_taken_over
from core.error_responses import refused
from core.logging import security_log
from mail import outbox

SENT = _("If an account with this e-mail address exists, we have sent it a link.")


class PasswordResetInput(serializers.Serializer[Any]):
    email = AddressField()


def request_reset(*, email: str, in_fragment: bool, now: datetime) -> None:
    """``in_fragment`` is for a client that reads the link's token itself, without a cookie."""
    # The limit and the e-mail are the same for an address without an account.
    count_email("password_reset_account", to=email)
    security_log.record("password_reset_asked")
    outbox.post(
        emails.password_reset,
        to=email,
        parameters={"in_fragment": in_fragment},
        bound_to=bindings.bind_to_address(email),
        not_after=now + switches.password_reset_lifetime,
    )


@extend_schema(tags=["Passwords"])
class PasswordResetView(PublicEndpoint, APIView):
    """Request a password reset link. The response is the same for every address."""

    schema = TransportSchema()
    throttle_scope = "password_reset"

    @extend_schema(request=PasswordResetInput, responses={200: DetailOutput, **refused(400)})
    def post(self, request: Request) -> Response:
        form = PasswordResetInput(data=request.data)
        form.is_valid(raise_exception=True)
        in_fragment = not uses_cookies(request)
        request_reset(**form.validated_data, in_fragment=in_fragment, now=timezone.now())
        return Response({"detail": SENT})


class PasswordResetLink(Page):
    def get(self, request: HttpRequest, uidb64: str, token: str) -> HttpResponse:
        now = timezone.now()
        try:
            link = signed_links.read_with_uid(
                Purpose.PASSWORD_RESET, uid=uidb64, token=token, now=now
            )
        except LinkNotValid:
            return self._refuse(request)
        form = settings.PASSWORD_RESET_REDIRECT or reverse("default_password_reset")
        response = redirect_to(form)
        PASSWORD_RESET_COOKIE.set(request, response, link, now=now)
        return response

    def _refuse(self, request: HttpRequest) -> HttpResponse:
        if not settings.PASSWORD_RESET_REDIRECT:
            return show_bad_link(request, "reset")
        parts = urlsplit(settings.PASSWORD_RESET_REDIRECT)
        query = "&".join(filter(None, [parts.query, "error=invalid_link"]))
        return redirect_to(parts._replace(query=query).geturl())


class BuiltInPage(Page):
    """A page of the built-in form, where ``PASSWORD_RESET_REDIRECT`` names no other."""

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
    user = link.user
    with transaction.atomic():
        if not replacement.replace_password(user=user, new_password=new_password):
            raise TokenNotValid
        # Hashing takes time: a second factor may have been set up since the row was read.
        user.refresh_from_db(fields=["email_verified", *User.SECOND_FACTOR, "role"])
        if not user.email_verified:
            account_taken_over.send(User, user=user)
        email_addresses.mark_verified(user)
        loses_factor = user.has_second_factor and not authenticators.survives_reset(user)
        if loses_factor:
            authenticators.remove_all(user)
            emails.tell_owner(emails.second_factor_off_by_reset, user, ip=client.ip)
        revocation.revoke_all(user)
        emails.tell_owner(emails.password_changed, user, ip=client.ip)
        security_log.record("password_set", account=user.pk, way="reset")
        if loses_factor:
            security_log.record("second_factor_off", account=user.pk, reason="password_reset")
    return sign_in.complete_sign_in_by_link(user, client=client, now=now)


@extend_schema(tags=["Passwords"])
class SetNewPasswordView(SetPasswordEndpoint):
    """Set the new password, with the cookie that the link has set or the token of the link."""

    cookie, purpose = PASSWORD_RESET_COOKIE, Purpose.PASSWORD_RESET
    set_password = staticmethod(set_new_password)
