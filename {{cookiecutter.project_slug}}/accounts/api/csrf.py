"""Protection of the endpoints that take a cookie: Django's CSRF check, and the request's origin."""

import re

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from rest_framework.authentication import CSRFCheck
from rest_framework.request import Request

from accounts.api.transport import uses_cookies
from accounts.errors import CsrfFailed, OriginNotAllowed
from core.cookies import values_of

_CSRF = re.compile(r"[A-Za-z0-9]{32}([A-Za-z0-9]{32})?")


def enforce_csrf(request: Request) -> None:
    """
    Raises:
        CsrfFailed: no CSRF cookie of the request passes Django's check.
    """
    name = settings.CSRF_COOKIE_NAME
    # No limit on their number: a comparison is cheap, and the site's own may be the last.
    values = values_of(request, name, _CSRF) or [request.COOKIES.get(name, "")]
    if not any(_passes(request, {name: value}) for value in values):
        raise CsrfFailed


def _passes(request: Request, cookie: dict[str, str]) -> bool:
    # Of several cookies Django keeps the last, and the page's script may have read another.
    # Trying each is safe: only this site can read any of them, and Django checks the origin too.
    request.COOKIES.update(cookie)
    check = CSRFCheck(_unused)
    check.process_request(request)
    return check.process_view(request, _unused, (), {}) is None


def _unused(request: HttpRequest) -> HttpResponseBase:
    raise AssertionError("The middleware only checks; it calls no view.")


def refuse_foreign_origin(request: Request) -> None:
    """For requests that use cookies.

    Raises:
        OriginNotAllowed: neither the API's own origin nor one in ``CORS_ALLOWED_ORIGINS``.
    """
    # A client that sends no Origin is no browser: no user's cookies are at risk.
    origin = request.META.get("HTTP_ORIGIN")
    if not uses_cookies(request) or origin is None:
        return
    own = f"{request.scheme}://{request.get_host()}"
    if origin not in {own, settings.PUBLIC_URL, *settings.CORS_ALLOWED_ORIGINS}:
        raise OriginNotAllowed
