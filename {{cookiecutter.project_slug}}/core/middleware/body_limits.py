"""Refuses malformed and large requests before a body is read."""

import re
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from core import error_responses

_LENGTH = re.compile(r"\d{1,15}", re.ASCII)


class BodyLimitsMiddleware:
    """Comes after the CORS middleware, so that a front end can read the response."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return _refusal(request) or self._get_response(request)


def _refusal(request: HttpRequest) -> HttpResponseBase | None:
    # WSGI has no body without a length: a chunked one would seem empty.
    if "HTTP_TRANSFER_ENCODING" in request.META:
        return error_responses.length_required(request)
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not _LENGTH.fullmatch(length) or _has_nul(request):
        return error_responses.bad_request(request)
    if int(length) > settings.REQUEST_BODY_MAX_BYTES:
        return error_responses.too_large(request)
    return None


def _has_nul(request: HttpRequest) -> bool:
    """PostgreSQL cannot store or compare a NUL character. Views check their paths."""
    query = request.META.get("QUERY_STRING", "")
    # Django has already unquoted the values of cookies.
    texts = (query, *request.COOKIES.values())
    return "%00" in query or any("\x00" in text for text in texts)
