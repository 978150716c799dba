"""Start: a user leaves for a provider, to sign in or to connect an account.

1. The request may name the page to return to. It must be on an origin that the settings allow.
2. An access token means that the user connects an account. This needs a recent sign-in and a
   verified address.
3. A row remembers the attempt. A cookie binds it to this browser. An app sends the challenge of a
   PKCE verifier of its own instead.
4. The response is the provider's address, with ``state``, ``nonce`` and a PKCE challenge.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import live_session
from accounts.api.endpoints import PublicEndpoint
from accounts.api.fields import TextField
from accounts.api.openapi import TokenOrChallengeSchema
from accounts.errors import VerifiedEmailRequired
from accounts.models import Session
from accounts.services.sessions import store
from core.error_responses import refused
from core.logging import security_log
from social_login import cookies, steps
from social_login.conf import is_allowed_redirect
from social_login.errors import ProviderFailed
from social_login.providers import registry
from social_login.providers.base import Provider
from social_login.providers.http import Connections, ProviderError

NOT_ALLOWED = _("This address is not allowed.")


class ProviderOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()


@extend_schema(tags=["Providers"])
class ProviderListView(PublicEndpoint, APIView):
    """The providers that users can sign in with."""

    @extend_schema(responses={200: ProviderOutput(many=True), **refused()})
    def get(self, request: Request) -> Response:
        return Response(ProviderOutput(instance=registry.switched_on(), many=True).data)


class StartInput(serializers.Serializer[Any]):
    next = TextField(
        required=False,
        max_length=2_000,
        help_text="The page of the front end to return to. Default: `SOCIAL_LOGIN_REDIRECT`.",
    )
    code_challenge = serializers.RegexField(
        r"^[A-Za-z0-9_-]{43}$",
        required=False,
        default="",
        help_text="For apps: the S256 challenge of a PKCE verifier (RFC 7636), instead of the "
        "cookie.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        next_url = attrs.get("next") or settings.SOCIAL_LOGIN_REDIRECT
        if not is_allowed_redirect(next_url):
            raise serializers.ValidationError({"next": [NOT_ALLOWED]}, code="invalid_choice")
        return {"next_url": next_url, "code_challenge": attrs["code_challenge"]}


class StartOutput(serializers.Serializer[Any]):
    authorization_url = serializers.URLField()


def start(
    *,
    provider: Provider,
    next_url: str,
    code_challenge: str,
    browser: str,
    session: Session | None,
    now: datetime,
) -> str:
    """Returns the provider's address.

    Args:
        browser: the value of the cookie; "" if there is a ``code_challenge``.
        session: that of a user who connects an account.
    """
    state = steps.begin(
        provider=provider.id,
        browser=browser,
        code_challenge=code_challenge,
        next_url=next_url,
        user=session.user if session else None,
        session_id=session.pk if session else None,
        now=now,
    )
    try:
        return provider.authorization_url(steps.attempt_of(provider.id, state), Connections())
    except ProviderError as error:
        security_log.record("provider_failed", provider=provider.id, reason=str(error))
        raise ProviderFailed from None


@extend_schema(tags=["Providers"])
class StartView(PublicEndpoint, APIView):
    """Start to sign in with a provider; with an access token, to connect an account."""

    schema = TokenOrChallengeSchema()
    throttle_scope = "login"

    @extend_schema(
        request=StartInput, responses={200: StartOutput, **refused(400, 401, 403, 404, 503)}
    )
    def post(self, request: Request, provider: str) -> Response:
        found = registry.find(provider)
        if found is None:
            raise Http404
        form, now = StartInput(data=request.data), timezone.now()
        session = _connecting_session(request, now)
        form.is_valid(raise_exception=True)
        fields = form.validated_data
        browser = "" if fields["code_challenge"] else cookies.make()
        url = start(provider=found, **fields, browser=browser, session=session, now=now)
        response = Response({"authorization_url": url})
        if browser:
            cookies.set_on(response, browser, posts_back=found.posts_back)
        return response


def _connecting_session(request: Request, now: datetime) -> Session | None:
    # A stale token is refused: the user wants to connect, and must not get another account.
    if "Authorization" not in request.headers:
        return None
    session = live_session(request)
    store.require_recent(session, now=now)
    if not session.user.email_verified:
        # A stranger who has signed up with this address must leave no way in behind.
        raise VerifiedEmailRequired
    return session
