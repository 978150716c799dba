"""The endpoint that sets a password with the cookie of a link, and signs in."""

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.csrf import enforce_csrf
from accounts.api.endpoints import PublicEndpoint
from accounts.api.fields import NewPasswordInput
from accounts.api.openapi import sign_in_responses
from accounts.api.requests import client_of
from accounts.api.responses import SetPasswordOutput, answer_sign_in, clear_refresh_cookie
from accounts.errors import TokenNotValid
from accounts.link_cookies import LinkCookie
from accounts.services.client import Client
from accounts.services.links.signed_links import LinkNotValid, SignedLink
from accounts.sign_in import SignedIn, SignInResult
from core.errors import refused
from core.ratelimit.throttling import ScopedRateThrottle, UserRateThrottle


class SetPasswordEndpoint(PublicEndpoint, APIView):
    """A password reset and an invitation each have a subclass."""

    cookie: LinkCookie
    throttle_classes = (UserRateThrottle, ScopedRateThrottle)
    throttle_scope = "set_password"

    def set_password(
        self, *, link: SignedLink, new_password: str, client: Client, now: datetime
    ) -> SignInResult:
        raise NotImplementedError

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
            link = self.cookie.link(request, now=now)
        except LinkNotValid:
            raise TokenNotValid from None
        enforce_csrf(request)
        form = NewPasswordInput(data=request.data, context={"user": link.user})
        form.is_valid(raise_exception=True)
        password, client = form.validated_data["new_password1"], client_of(request)
        result = self.set_password(link=link, new_password=password, client=client, now=now)
        response = answer_sign_in(result, now=now, detail=_("Your password has been set."))
        if not isinstance(result, SignedIn):
            clear_refresh_cookie(response)
        self.cookie.clear(response)
        return response
