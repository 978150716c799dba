"""Tokens on the wire: read from requests and put into answers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import cookies
from accounts.challenges import IssuedChallenge, Kind
from accounts.client import Client
from accounts.conf import MfaMode, switches
from accounts.cookies import DEVICE, REFRESH
from accounts.entry import Entry
from accounts.errors import MfaDisabled, OriginNotAllowed
from accounts.known_devices import LIFETIME as DEVICE_LIFETIME
from accounts.tokens import Tokens

Fields = dict[str, serializers.Field[Any, Any, Any, Any]]

REFRESH_COOKIE = REFRESH.name
DEVICE_COOKIE = DEVICE.name
DEVICE_HEADER = "X-Known-Device"


# Endpoints


class PublicEndpoint:
    """Ignores an ``Authorization`` header, for a stale token must not stop a login or a reset."""

    authentication_classes: Sequence[Any] = ()
    permission_classes: Sequence[Any] = ()

    def get_authenticate_header(self, request: Request) -> str:
        """DRF would turn a 401 into a 403 without one."""
        return "Bearer"


class MfaEndpoint:
    """For a ``SwitchableAPIView``: it is there where people can have a second factor."""

    refusal: type[Exception] = MfaDisabled
    throttle_scope = "mfa"

    @staticmethod
    def is_on() -> bool:
        return switches.mfa_mode is not MfaMode.DISABLED


# Coming in


def client_of(request: HttpRequest | Request) -> Client:
    """Who is asking, with what a browser has kept of a sign-in before, or an app sends of it."""
    if switches.refresh_token_as_cookie:
        return Client.of(
            request,
            device_token=cookies.device_token(request),
            former_refresh_token=cookies.former_refresh_token(request),
        )
    return Client.of(request, device_token=request.headers.get(DEVICE_HEADER, ""))


class Carrier(serializers.Serializer[Any]):
    """Something with fields that are only there where cookies carry nothing."""

    def get_fields(self) -> Fields:
        fields = super().get_fields()
        in_cookies = {"refresh", "device"} if switches.refresh_token_as_cookie else set()
        return {name: field for name, field in fields.items() if name not in in_cookies}


class RefreshInput(Carrier):
    refresh = serializers.CharField(allow_blank=True)


def presented_refresh_token(request: Request) -> str:
    """The refresh token from the carrier that the setting names, "" where there is none.

    Raises:
        OriginNotAllowed: it is in a cookie, and the page that sent it is not of an allowed origin.
        TokenNotValid: there are several cookies, of different sessions.
    """
    given = _presented(request)
    return cookies.refresh_token(request) if given is None else given


def presented_refresh_tokens(request: Request) -> list[str]:
    """Every refresh token from that carrier, for an endpoint that decides whose count.

    Raises:
        OriginNotAllowed: see ``presented_refresh_token``.
    """
    given = _presented(request)
    return REFRESH.values(request) if given is None else [given]


def _presented(request: Request) -> str | None:
    """What the body brings, None where cookies carry it."""
    refuse_foreign_origin(request)
    # Partial: a client without the token gets the same 401 as one with a bad token.
    form = RefreshInput(data=request.data, partial=True)
    form.is_valid(raise_exception=True)
    given: str = form.validated_data.get("refresh", "")
    return None if switches.refresh_token_as_cookie else given


def refuse_foreign_origin(request: Request) -> None:
    """A browser sends our cookie along with another site's request, and says whose it is.

    Without an ``Origin`` the client is no browser, and nobody's cookies are at stake.

    Raises:
        OriginNotAllowed: neither the API's own origin nor one in ``CORS_ALLOWED_ORIGINS``.
    """
    origin = request.META.get("HTTP_ORIGIN")
    if origin is None or not switches.refresh_token_as_cookie:
        return
    if origin not in _own_origins(request):
        raise OriginNotAllowed


def _own_origins(request: Request) -> set[str]:
    own = f"{request.scheme}://{request.get_host()}"
    return {own, settings.PUBLIC_URL, *settings.CORS_ALLOWED_ORIGINS}


# Going out


class TokensOutput(Carrier):
    """A fresh pair; where cookies carry the refresh token, it is in one of them."""

    access = serializers.CharField(help_text="Send it as `Authorization: Bearer`.")
    refresh = serializers.CharField(help_text="Keep it where no script of another origin reads it.")


class SignedInOutput(TokensOutput):
    """The tokens of a new session; where cookies carry them, the device is in one as well."""

    device = serializers.CharField(
        help_text=f"Keep it, and send it as `{DEVICE_HEADER}` when signing in: it opens nothing, "
        "and tells this device from a new one."
    )


class OwedOutput(Carrier):
    device = serializers.CharField(
        required=False, help_text="After a new password; see `SignedInOutput`."
    )


class ChallengeOutput(OwedOutput):
    """The password was right; a code is needed as well (`/mfa/verify/`)."""

    mfa_required = serializers.BooleanField()
    challenge_id = serializers.CharField()


class SetupChallengeOutput(OwedOutput):
    """The password was right; a second factor has to be set up first (`/mfa/setup/`)."""

    mfa_setup_required = serializers.BooleanField()
    setup_challenge_id = serializers.CharField()


class DetailOutput(serializers.Serializer[Any]):
    detail = serializers.CharField()


def answer_tokens(issued: Tokens, *, now: datetime, status: int = 200, **also: Any) -> Response:
    """The access token, and the refresh token in its cookie or beside it.

    Args:
        also: what else the answer says.
    """
    if not switches.refresh_token_as_cookie:
        body = {"access": issued.access, "refresh": issued.refresh, **also}
        return uncached(Response(body, status=status))
    response = Response({"access": issued.access, **also}, status=status)
    life = issued.refresh_expires_at - now
    REFRESH.set(response, issued.refresh, max_age=life)
    return uncached(response)


def answer_challenge(challenge: IssuedChallenge, *, status: int = 200, **also: Any) -> Response:
    """What the client owes: a second factor, or the setup of one."""
    body: dict[str, Any] = {"mfa_required": True, "challenge_id": challenge.signed_id}
    if challenge.kind is Kind.SETUP:
        body = {"mfa_setup_required": True, "setup_challenge_id": challenge.signed_id}
    return uncached(Response({**body, **also}, status=status))


def answer_entry(entered: Entry, *, now: datetime, status: int = 200, **also: Any) -> Response:
    """Whatever came of a proof."""
    if entered.device and not switches.refresh_token_as_cookie:
        also["device"] = entered.device
    if isinstance(entered, IssuedChallenge):
        response = answer_challenge(entered, status=status, **also)
    else:
        response = answer_tokens(entered.tokens, now=now, status=status, **also)
    if entered.device and switches.refresh_token_as_cookie:
        DEVICE.set(response, entered.device, max_age=DEVICE_LIFETIME)
    return response


def clear_refresh_cookie(response: Response) -> Response:
    if switches.refresh_token_as_cookie:
        REFRESH.delete(response)
    return uncached(response)


def uncached(response: Response) -> Response:
    response["Cache-Control"] = "no-store"
    return response
