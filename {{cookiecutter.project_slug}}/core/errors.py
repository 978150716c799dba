"""Every error answer of the project: ``{"detail", "code"}``, or DRF's errors per field."""

import logging
import sys
from typing import Any, TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.template.loader import render_to_string
from django.urls import ResolverMatch
from django.utils.html import format_html
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.response import Response
from rest_framework.views import exception_handler

from core import api_path, outages
from core.throttling import LimitReached

logger = logging.getLogger(__name__)

_PLAIN_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="robots" content="noindex"><title>{title}</title></head>
<body><p>{product}</p><h1>{title}</h1><p>{advice}</p></body>
</html>
"""


class ErrorOutput(serializers.Serializer[Any]):
    detail = serializers.CharField(help_text="A sentence for people.")
    code = serializers.CharField(help_text="A word for programs; it does not change.")


INVALID_INPUT = OpenApiResponse(
    OpenApiTypes.OBJECT, description="Errors by field, or a sentence as `detail` with its `code`."
)


def refused(*statuses: int) -> dict[int, Any]:
    """The refusals of an endpoint, for its OpenAPI description; the limits hold everywhere."""
    every = (*statuses, 429)
    return {status: INVALID_INPUT if status == 400 else ErrorOutput for status in every}


def answer(exception: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's ``EXCEPTION_HANDLER``: adds the code of a single error to its sentence."""
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
        return _error(400, "The request could not be understood.", "bad_request")
    return _page(400, "This request could not be understood", "Check the address.")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if _is_api(request):
        return _error(403, "This is not allowed.", "permission_denied")
    return _page(
        403, "This is not allowed", "If you think it should be, ask whoever runs this site."
    )


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """Django's ``CSRF_FAILURE_VIEW``; why it failed is in the log."""
    if _is_api(request):
        return _error(403, "The CSRF token is missing or incorrect.", "csrf_failed")
    return _page(403, "This page was open for too long", "Go back, reload it, and send it again.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if _is_api(request):
        return _error(404, "There is nothing here.", "not_found")
    return _page(404, "There is nothing here", "Check the address, or follow the link again.")


def slash_missing(path: str) -> HttpResponseBase:
    """
    Args:
        path: where an endpoint of the API answers.
    """
    return _error(404, f"There is nothing here; use {path}", "not_found")


def length_required(request: HttpRequest) -> HttpResponseBase:
    if _is_api(request):
        return _error(411, "Send the body whole, with its Content-Length.", "length_required")
    return _page(411, "This request has no length")


def too_large(request: HttpRequest) -> HttpResponseBase:
    if _is_api(request):
        return _error(413, "The request is too large.", "request_too_large")
    return _page(413, "This is too large", "Send less of it.")


def too_many(request: HttpRequest, reached: LimitReached) -> HttpResponseBase:
    """For pages; what DRF answers, it answers itself."""
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
        response = _error(503, "This is not available right now. Try again soon.", "unavailable")
    else:
        response = _page(503, "This is not available right now", "Try again in a moment.")
    response["Retry-After"] = str(outages.RETRY_SECONDS)
    return response


def _is_api(request: HttpRequest) -> bool:
    """Whether a program asks. Letters link to pages, which are no views of DRF, below it too."""
    match = request.resolver_match
    is_page = match is not None and not is_endpoint(match)
    return api_path.is_below(request) and not is_page


def is_endpoint(match: ResolverMatch) -> bool:
    """Whether it leads to a view of DRF, which programs call."""
    return hasattr(match.func, "cls")


def _error(status: int, detail: str, code: str) -> HttpResponse:
    return _forbid_storing(JsonResponse({"detail": detail, "code": code}, status=status))


R = TypeVar("R", bound=HttpResponseBase)


def _forbid_storing(response: R) -> R:
    """A refusal may repeat what a person has sent, and is out of date at once."""
    response["Cache-Control"] = "no-store"
    return response


def _page(status: int, title: str, advice: str = "") -> HttpResponse:
    """It asks nobody for anything: no session, no user, and not even its own template to work."""
    page = {"product": settings.PROJECT_NAME, "title": title, "advice": advice}
    try:
        html = render_to_string("pages/error.html", page)
    except Exception:
        # A template is broken, or static files were not collected; the log says which.
        logger.exception("error page not rendered")
        html = format_html(_PLAIN_PAGE, **page)
    return HttpResponse(html, status=status)
