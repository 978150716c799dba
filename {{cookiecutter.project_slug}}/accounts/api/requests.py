"""What a request brings: the client, with its device token and its refresh token."""

from django.conf import settings
from django.http import HttpRequest
from rest_framework import serializers
from rest_framework.request import Request

from accounts.api import cookies
from accounts.api.cookies import REFRESH
from accounts.api.fields import Carrier
from accounts.conf import switches
from accounts.errors import OriginNotAllowed
from accounts.services.client import Client
from core.client_ip import client_ip, user_agent

DEVICE_HEADER = "X-Known-Device"


def client_of(request: HttpRequest | Request) -> Client:
    """Who is asking, with what a browser has kept of a sign-in before, or an app sends of it."""
    ip, agent = client_ip(request), user_agent(request)
    if switches.refresh_token_as_cookie:
        return Client(
            ip,
            agent,
            device_token=cookies.device_token(request),
            former_refresh_token=cookies.former_refresh_token(request),
        )
    return Client(ip, agent, device_token=request.headers.get(DEVICE_HEADER, ""))


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
