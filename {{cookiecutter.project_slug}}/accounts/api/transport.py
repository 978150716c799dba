"""How tokens travel: in cookies, or in the bodies of requests and responses.

A request chooses with a header. Without the header, ``JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE`` does.
Another site cannot choose for a user's browser: the header causes a CORS preflight request.
"""

from enum import StrEnum

from django.http import HttpRequest
from rest_framework.request import Request

from accounts.conf import switches
from accounts.errors import TransportNotValid

TRANSPORT_HEADER = "X-Token-Transport"


class Transport(StrEnum):
    BODY = "body"
    COOKIE = "cookie"


def uses_cookies(request: HttpRequest | Request) -> bool:
    """Whether this request and its response carry tokens in cookies, and in no body.

    Call it before anything changes.

    Raises:
        TransportNotValid: the header has another value.
    """
    chosen = chosen_transport(request)
    return switches.refresh_token_as_cookie if chosen is None else chosen is Transport.COOKIE


def chosen_transport(request: HttpRequest | Request) -> Transport | None:
    """What the header says; None without the header. Raises ``TransportNotValid``."""
    value = request.headers.get(TRANSPORT_HEADER)
    if value is None:
        return None
    try:
        return Transport(value)
    except ValueError:
        raise TransportNotValid from None
