"""CSRF protection of the endpoints that take a cookie: Django's check, as DRF calls it."""

import re

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from rest_framework.authentication import CSRFCheck
from rest_framework.request import Request

from accounts.errors import CsrfFailed
from core.cookies import values_of

_CSRF = re.compile(r"[A-Za-z0-9]{32}([A-Za-z0-9]{32})?")


def enforce_csrf(request: Request) -> None:
    """Another site could make the browser send the cookie, but not the header.

    Raises:
        CsrfFailed: see Django's ``CsrfViewMiddleware``, which decides it.
    """
    name = settings.CSRF_COOKIE_NAME
    # No limit on their number: a comparison is cheap, and the site's own may be the last.
    values = values_of(request, name, _CSRF) or [request.COOKIES.get(name, "")]
    if not any(_passes(request, {name: value}) for value in values):
        raise CsrfFailed


def _passes(request: Request, cookie: dict[str, str]) -> bool:
    # Of several cookies Django keeps the last, and the page's script may have read another. To
    # know any of them is to read this site's cookies; the origin is compared as well.
    request.COOKIES.update(cookie)
    check = CSRFCheck(_unused)
    check.process_request(request)
    return check.process_view(request, _unused, (), {}) is None


def _unused(request: HttpRequest) -> HttpResponseBase:
    """Middleware wants the next one and a view; here it only checks."""
    raise AssertionError
