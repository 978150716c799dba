"""Refuses at the door, before a body is read, what no view has to deal with."""

import re
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from core import errors

_LENGTH = re.compile(r"\d{1,15}", re.ASCII)


class BodyLimitsMiddleware:
    """
    Stands inside of the middleware for CORS, so that a front end can read the refusal.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return _refusal(request) or self._get_response(request)


def _refusal(request: HttpRequest) -> HttpResponseBase | None:
    # WSGI has no body without a length: one that comes in chunks would be taken for an empty one.
    if "HTTP_TRANSFER_ENCODING" in request.META:
        return errors.length_required(request)
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not _LENGTH.fullmatch(length) or _has_nul(request):
        return errors.bad_request(request)
    if int(length) > settings.REQUEST_BODY_MAX_BYTES:
        return errors.too_large(request)
    return None


def _has_nul(request: HttpRequest) -> bool:
    """PostgreSQL cannot hold a NUL character, not even to look for it; views mind their paths."""
    query = request.META.get("QUERY_STRING", "")
    # The value of a cookie may be quoted, and is not any more where it is read.
    texts = (query, *request.COOKIES.values())
    return "%00" in query or any("\x00" in text for text in texts)
