"""Every error answer of the project: ``{"detail", "code"}``, or DRF's errors per field."""

from typing import Any

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.views import defaults
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.response import Response
from rest_framework.views import exception_handler


class ErrorOutput(serializers.Serializer[Any]):
    detail = serializers.CharField(help_text="A sentence for people.")
    code = serializers.CharField(help_text="A word for programs; it does not change.")


INVALID_INPUT = OpenApiResponse(
    OpenApiTypes.OBJECT, description="Errors by field, or a sentence as `detail` with its `code`."
)


def refused(*statuses: int) -> dict[int, Any]:
    """The refusals of an endpoint, for its OpenAPI description."""
    return {status: INVALID_INPUT if status == 400 else ErrorOutput for status in statuses}


def answer(exception: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's ``EXCEPTION_HANDLER``: adds the code of a single error to its sentence."""
    response = exception_handler(exception, context)
    if response is not None:
        response.data = _with_code(response.data)
    return response


def _with_code(data: Any) -> Any:
    if isinstance(data, list):
        return {"non_field_errors": data}
    detail = data.get("detail")
    return {"detail": detail, "code": detail.code} if isinstance(detail, ErrorDetail) else data


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if _is_api(request):
        return _error(400, "The request could not be understood.", "bad_request")
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if _is_api(request):
        return _error(403, "This is not allowed.", "permission_denied")
    return defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if _is_api(request):
        return _error(404, "There is nothing here.", "not_found")
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponseBase:
    if _is_api(request):
        return _error(500, "Something went wrong on our side.", "error")
    return defaults.server_error(request)


def _is_api(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")


def _error(status: int, detail: str, code: str) -> JsonResponse:
    return JsonResponse({"detail": detail, "code": code}, status=status)
