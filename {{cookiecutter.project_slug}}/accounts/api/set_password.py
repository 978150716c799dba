"""The endpoint that sets a password with a link, from its cookie or the body, and signs in."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.csrf import enforce_csrf
from accounts.api.endpoints import PublicEndpoint
from accounts.api.fields import NewPasswordInput, TextField
from accounts.api.openapi import LinkSchema, sign_in_responses
from accounts.api.requests import client_of
from accounts.api.responses import SetPasswordOutput, answer_sign_in, clear_refresh_cookie
from accounts.api.transport import chosen_transport, uses_cookies
from accounts.errors import TokenNotValid
from accounts.link_cookies import LinkCookie
from accounts.services.client import Client
from accounts.services.links import signed_links
from accounts.services.links.signed_links import LinkNotValid, Purpose, SignedLink
from accounts.sign_in import SignedIn, SignInResult
from core.error_responses import refused
from core.ratelimit.throttling import ScopedRateThrottle


class LinkInput(serializers.Serializer[Any]):
    uid = TextField(
        required=False,
        default="",
        allow_blank=True,
        max_length=100,
        help_text="In body transport: from the fragment of the link.",
    )
    token = TextField(
        required=False,
        default="",
        allow_blank=True,
        max_length=1_000,
        help_text="In body transport: from the fragment of the link.",
    )


class SetPasswordInput(LinkInput, NewPasswordInput):
    """Only for the OpenAPI description: the link is checked before the passwords."""


class SetPasswordThrottle(ScopedRateThrottle):
    """Counts the ``user`` limit too, as the API's contract says, in the same step."""

    def scopes(self, request: Request, view: Any) -> list[str]:
        return ["user", *super().scopes(request, view)]


class SetPasswordEndpoint(PublicEndpoint, APIView):
    """A password reset and an invitation each have a subclass."""

    cookie: LinkCookie
    purpose: Purpose
    schema = LinkSchema()
    throttle_classes = (SetPasswordThrottle,)
    throttle_scope = "set_password"

    def set_password(
        self, *, link: SignedLink, new_password: str, client: Client, now: datetime
    ) -> SignInResult:
        raise NotImplementedError

    @extend_schema(
        request=SetPasswordInput,
        responses={
            200: sign_in_responses("PasswordSet", SetPasswordOutput),
            **refused(400, 401, 403),
        },
    )
    def post(self, request: Request) -> Response:
        now, link_is_in_body = timezone.now(), _link_is_in_body(request)
        try:
            link = self._link_in_body(request, now) if link_is_in_body else self._link(request, now)
        except LinkNotValid:
            raise TokenNotValid from None
        form = NewPasswordInput(data=request.data, context={"user": link.user})
        form.is_valid(raise_exception=True)
        password, client = form.validated_data["new_password1"], client_of(request)
        result = self.set_password(link=link, new_password=password, client=client, now=now)
        response = answer_sign_in(request, result, now=now, detail=_("Your password has been set."))
        if not isinstance(result, SignedIn):
            clear_refresh_cookie(request, response)
        if not link_is_in_body:
            self.cookie.clear(response)
        return response

    def _link(self, request: Request, now: datetime) -> SignedLink:
        link = self.cookie.link(request, now=now)
        enforce_csrf(request)
        return link

    def _link_in_body(self, request: Request, now: datetime) -> SignedLink:
        form = LinkInput(data=request.data)
        form.is_valid(raise_exception=True)
        return signed_links.read_with_uid(self.purpose, **form.validated_data, now=now)


def _link_is_in_body(request: Request) -> bool:
    if uses_cookies(request):
        return False
    # The built-in form names no transport. Its link is in a cookie, with either default.
    is_chosen = chosen_transport(request) is not None
    return is_chosen or (isinstance(request.data, dict) and "token" in request.data)
