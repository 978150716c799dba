"""The cookie that binds a sign-in to the browser in which it started."""

import re
import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from rest_framework.request import Request

from social_login.conf import AUTHORIZATION_LIFETIME

_SHAPE = re.compile(r"[\w-]{43}", re.ASCII)


def name() -> str:
    # Because of the prefix, browsers refuse such a cookie from a sibling domain.
    return "social_login" if settings.DEBUG else "__Host-social_login"


def make() -> str:
    return secrets.token_urlsafe(32)


def read(request: HttpRequest | Request) -> str:
    """The cookie's value; "" for none."""
    value = request.COOKIES.get(name(), "")
    return value if _SHAPE.fullmatch(value) else ""


def set_on(response: HttpResponseBase, value: str, *, posts_back: bool) -> None:
    """
    Args:
        posts_back: the provider's site posts the callback. Browsers send only a cookie with
            ``SameSite=None`` there, and accept it with ``Secure`` only.
    """
    response.set_cookie(
        name(),
        value,
        max_age=AUTHORIZATION_LIFETIME,
        secure=posts_back or not settings.DEBUG,
        httponly=True,
        samesite="None" if posts_back else "Lax",
    )


def delete(response: HttpResponseBase) -> None:
    # Browsers refuse the prefix without ``Secure``, also to delete the cookie.
    response.set_cookie(name(), max_age=0, secure=not settings.DEBUG, httponly=True, samesite="Lax")
