"""Every error response of the project: ``{"detail", "code"}``, or DRF's errors per field."""

import logging
import sys
from typing import Any, TypeVar

from django.conf import settings
from django.db import DataError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.template.loader import render_to_string
from django.urls import ResolverMatch
from django.utils.html import format_html
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ParseError
from rest_framework.response import Response
from rest_framework.views import exception_handler

from core import api_path, outages
from core.ratelimit.throttling import LimitReached

logger = logging.getLogger(__name__)

_PLAIN_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="robots" content="noindex"><title>{title}</title></head>
<body><p>{product}</p><h1>{title}</h1><p>{advice}</p></body>
</html>
"""


class ErrorOutput(serializers.Serializer[Any]):
    detail = serializers.CharField(help_text="A sentence to show to the user.")
    code = serializers.CharField(help_text="A stable error code for programs.")


INVALID_INPUT = OpenApiResponse(
    OpenApiTypes.OBJECT, description="Errors per field, or a `detail` with its `code`."
)


def refused(*statuses: int) -> dict[int, Any]:
    """The error responses of an endpoint, for OpenAPI; 429 is always one of them."""
    every = (*statuses, 429)
    return {status: INVALID_INPUT if status == 400 else ErrorOutput for status in every}


def answer(exception: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's ``EXCEPTION_HANDLER``: adds the code of a single error to its sentence."""
    if isinstance(exception, DataError):
        # PostgreSQL cannot store a value of the request, such as a NUL character in JSON.
        logger.warning("value not stored", exc_info=exception)
        exception = ParseError("The request contains a value that cannot be stored.")
    response = exception_handler(exception, context)
    if response is not None:
        response.data = _with_code(response.data)
        _forbid_storing(response)
    if isinstance(exception, LimitReached):
        exception.add_headers(context["view"])
    return response


def _with_code(data: Any) -> Any:
    if isinstance(data, list):
        return {"non_field_errors": data}
    detail = data.get("detail")
    return {"detail": detail, "code": detail.code} if isinstance(detail, ErrorDetail) else data


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    if _is_api(request):
        return _error(400, "The request is malformed.", "bad_request")
    return _page(400, "Bad request", "Check the address.")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if _is_api(request):
        return _error(403, "You do not have permission to do this.", "permission_denied")
    return _page(
        403,
        "Access denied",
        "You do not have permission to do this. Ask the administrator of this site if you need it.",
    )


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """Django's ``CSRF_FAILURE_VIEW``; why it failed is in the log."""
    if _is_api(request):
        return _error(403, "The CSRF token is missing or incorrect.", "csrf_failed")
    return _page(403, "This page has expired", "Go back, reload the page and try again.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if _is_api(request):
        return _error(404, "Not found.", "not_found")
    return _page(404, "Page not found", "Check the address, or open the link again.")


def slash_missing(path: str) -> HttpResponseBase:
    """
    Args:
        path: where an endpoint of the API answers.
    """
    return _error(404, f"Not found. Use {path}", "not_found")


def length_required(request: HttpRequest) -> HttpResponseBase:
    if _is_api(request):
        return _error(411, "The Content-Length header is required.", "length_required")
    return _page(411, "Length required")


def too_large(request: HttpRequest) -> HttpResponseBase:
    if _is_api(request):
        return _error(413, "The request is too large.", "request_too_large")
    return _page(413, "Request too large", "Send less data.")


def too_many(request: HttpRequest, reached: LimitReached) -> HttpResponseBase:
    """The page for an exceeded rate limit. DRF answers for the API."""
    response = _page(429, "Too many requests", f"Wait {reached.wait} seconds, then try again.")
    response["Retry-After"] = str(reached.wait)
    return response


def server_error(request: HttpRequest) -> HttpResponseBase:
    """Called while the exception is being handled; Django logs it, with this answer's status."""
    if outages.is_outage(sys.exception()):
        return _unavailable(request)
    if _is_api(request):
        return _error(500, "Something went wrong on our side.", "error")
    return _page(500, "Something went wrong on our side", "Try again in a moment.")


def _unavailable(request: HttpRequest) -> HttpResponseBase:
    if _is_api(request):
        response = _error(
            503, "The service is temporarily unavailable. Try again later.", "unavailable"
        )
    else:
        response = _page(503, "Temporarily unavailable", "Try again in a moment.")
    response["Retry-After"] = str(outages.RETRY_SECONDS)
    return response


def _is_api(request: HttpRequest) -> bool:
    """Whether the client expects JSON. E-mails link to HTML pages below the API's path too."""
    match = request.resolver_match
    is_page = match is not None and not is_endpoint(match)
    return api_path.is_below(request) and not is_page


def is_endpoint(match: ResolverMatch) -> bool:
    """Whether the URL leads to a DRF view."""
    return hasattr(match.func, "cls")


def _error(status: int, detail: str, code: str) -> HttpResponse:
    return _forbid_storing(JsonResponse({"detail": detail, "code": code}, status=status))


R = TypeVar("R", bound=HttpResponseBase)


def _forbid_storing(response: R) -> R:
    """A refusal may repeat what a person has sent, and is out of date at once."""
    response["Cache-Control"] = "no-store"
    return response


def _page(status: int, title: str, advice: str = "") -> HttpResponse:
    """Renders an error page. It needs no session, no user and no working template."""
    page = {"product": settings.PROJECT_NAME, "title": title, "advice": advice}
    try:
        html = render_to_string("pages/error.html", page)
    except Exception:
        # A template is broken, or static files were not collected; the log says which.
        logger.exception("error page not rendered")
        html = format_html(_PLAIN_PAGE, **page)
    return HttpResponse(html, status=status)
