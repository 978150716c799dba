"""What a request brings: the client, its device token and its refresh token."""

from typing import Any

from django.http import HttpRequest
from rest_framework import serializers
from rest_framework.request import Request

from accounts.api import cookies
from accounts.api.cookies import REFRESH, TRUSTED
from accounts.api.csrf import refuse_foreign_origin
from accounts.api.fields import CookieAwareSerializer
from accounts.api.transport import uses_cookies
from accounts.services.client import Client
from core.client_ip import client_ip, user_agent

DEVICE_HEADER = "X-Known-Device"
TRUSTED_HEADER = "X-Trusted-Device"


def client_of(request: HttpRequest | Request) -> Client:
    ip, agent = client_ip(request), user_agent(request)
    if uses_cookies(request):
        return Client(
            ip,
            agent,
            device_token=cookies.device_token(request),
            former_refresh_token=cookies.former_refresh_token(request),
            trust_tokens=tuple(TRUSTED.values(request)),
        )
    trust_token = request.headers.get(TRUSTED_HEADER, "")
    return Client(
        ip,
        agent,
        device_token=request.headers.get(DEVICE_HEADER, ""),
        trust_tokens=(trust_token,) if TRUSTED.shape.fullmatch(trust_token) else (),
    )


def client_without_tokens(request: HttpRequest | Request) -> Client:
    """For endpoints that neither take nor return tokens: their transport does not matter."""
    return Client(client_ip(request), user_agent(request))


class RefreshInput(CookieAwareSerializer):
    refresh = serializers.CharField(allow_blank=True)


def presented_refresh_token(request: Request) -> str:
    """The refresh token from the cookie or the body, as the transport says; "" for none."""
    if not uses_cookies(request):
        return _refresh_token_in_body(request)
    _check_cookie_request(request)
    return cookies.refresh_token(request)


def presented_refresh_tokens(request: Request) -> list[str]:
    """As ``presented_refresh_token``, but with every cookie of that name."""
    if not uses_cookies(request):
        return [_refresh_token_in_body(request)]
    _check_cookie_request(request)
    return REFRESH.values(request)


def _check_cookie_request(request: Request) -> None:
    refuse_foreign_origin(request)
    require_json(request)


def require_json(request: Request) -> None:
    """Where no field of the body counts: another site's form with fields is refused."""
    serializers.Serializer[Any](data=request.data).is_valid(raise_exception=True)


def _refresh_token_in_body(request: Request) -> str:
    # Partial: a client without the token gets the same 401 as one with a bad token.
    form = RefreshInput(data=request.data, partial=True)
    form.is_valid(raise_exception=True)
    token: str = form.validated_data.get("refresh", "")
    return token
