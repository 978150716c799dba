"""Every error response of the project: ``{"detail", "code"}``, DRF's errors per field, or a page.

The functions that take a request answer clients of the API in JSON, and browsers with a page.
"""

import logging
import sys
from typing import Any

from django.conf import settings
from django.db import DataError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import ResolverMatch
from django.utils.html import format_html
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException, ErrorDetail, ParseError
from rest_framework.response import Response
from rest_framework.views import exception_handler

from core import errors, openapi, outages
from core.pages import common_context
from core.ratelimit.throttling import LimitReached

logger = logging.getLogger(__name__)

_PLAIN_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="robots" content="noindex"><title>{title}</title></head>
<body><p>{product}</p><h1>{title}</h1><p>{advice}</p></body>
</html>
"""


def refused(*statuses: int) -> dict[int, Any]:
    """The error responses of an endpoint for OpenAPI. 429 is always one of them."""
    every = (*statuses, 429)
    return {status: openapi.INVALID if status == 400 else openapi.ERROR for status in every}


def answer(exception: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's ``EXCEPTION_HANDLER``: adds the codes of errors to their sentences."""
    if isinstance(exception, DataError):
        # PostgreSQL cannot store a value of the request, such as a NUL character in JSON.
        # Its message may quote the value.
        logger.warning("value not stored", extra={"error": type(exception.__cause__).__name__})
        exception = ParseError(_("The request contains a value that cannot be stored."))
    response = exception_handler(exception, context)
    if response is not None:
        response.data = _with_codes(response.data, exception)
    if isinstance(exception, LimitReached):
        exception.add_headers(context["view"])
    return response


def _with_codes(data: Any, exception: Any) -> dict[str, Any]:
    if isinstance(data, dict) and isinstance(detail := data.get("detail"), ErrorDetail):
        return {"detail": detail, "code": detail.code}
    codes = exception.get_codes()
    if isinstance(data, list):
        data, codes = {"non_field_errors": data}, {"non_field_errors": codes}
    # A field that is named `codes` keeps its sentences.
    return {**data, "codes": data.get("codes", codes)}


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if _is_api(request):
        return as_json(errors.BadRequest)
    return _page(400, _("Bad request"), _("Check the address."))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_api(request):
        return as_json(errors.Forbidden)
    advice = _(
        "You do not have permission to do this. Ask the administrator of this site if you need it."
    )
    return _page(403, _("Access denied"), advice)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's ``CSRF_FAILURE_VIEW``. Django logs the reason."""
    if _is_api(request):
        return as_json(errors.CsrfFailed)
    return _page(403, _("This page has expired"), _("Go back, reload the page and try again."))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_api(request):
        return as_json(errors.NotFound)
    return _page(404, _("Page not found"), _("Check the address, or open the link again."))


def slash_missing(path: str) -> HttpResponse:
    """Takes the path of an endpoint, with its slash."""
    return as_json(errors.NotFound, _("Not found. Use {path}").format(path=path))


def length_required(request: HttpRequest) -> HttpResponse:
    if _is_api(request):
        return as_json(errors.LengthRequired)
    return _page(411, _("Length required"))


def too_large(request: HttpRequest) -> HttpResponse:
    if _is_api(request):
        return as_json(errors.RequestTooLarge)
    return _page(413, _("Request too large"), _("Send less data."))


def too_many(request: HttpRequest, reached: LimitReached) -> HttpResponse:
    """The page for an exceeded rate limit. DRF answers for the API."""
    response = _page(
        429,
        _("Too many requests"),
        _("Wait {wait} seconds, then try again.").format(wait=reached.wait),
    )
    response["Retry-After"] = str(reached.wait)
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """Runs while Django handles the exception. Django logs it."""
    if outages.is_outage(sys.exception()):
        return _unavailable(request)
    if _is_api(request):
        return as_json(errors.ServerError)
    return _page(500, _("Something went wrong on our side"), _("Try again in a moment."))


def _unavailable(request: HttpRequest) -> HttpResponse:
    if _is_api(request):
        response = as_json(errors.Unavailable)
    else:
        response = _page(503, _("Temporarily unavailable"), _("Try again in a moment."))
    response["Retry-After"] = str(outages.RETRY_SECONDS)
    return response


def _is_api(request: HttpRequest) -> bool:
    # E-mails link to pages below the API's path.
    match = request.resolver_match
    return is_below_api(request) and (match is None or is_endpoint(match))


def is_below_api(request: HttpRequest) -> bool:
    return request.path_info.startswith(f"/{settings.API_URL}")


def is_endpoint(match: ResolverMatch) -> bool:
    """Whether the URL leads to a DRF view."""
    return hasattr(match.func, "cls")


def as_json(error: type[APIException], detail: str = "") -> HttpResponse:
    """The response of a middleware or an error handler to a client of the API."""
    body = {"detail": detail or error.default_detail, "code": error.default_code}
    return JsonResponse(body, status=error.status_code)


def _page(status: int, title: str, advice: str = "") -> HttpResponse:
    """Renders an error page without a session or a user, and without a template if that fails."""
    page = {**common_context(), "title": title, "advice": advice}
    try:
        html = render_to_string("pages/error.html", page)
    except Exception:
        logger.exception("error page not rendered")
        html = format_html(_PLAIN_PAGE, **page)
    return HttpResponse(html, status=status)
