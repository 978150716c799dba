"""The OpenAPI description of views that say nothing about it."""

from typing import Any

from django.contrib.auth import get_user_model
from drf_spectacular import openapi
from drf_spectacular.plumbing import build_mock_request
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request
from rest_framework.views import APIView

_NAMES = ("serializer_class", "get_serializer", "get_serializer_class")


class AutoSchema(openapi.AutoSchema):
    """Describes a view without a serializer as one that takes and returns any JSON object."""

    def get_request_serializer(self) -> Any:
        return super().get_request_serializer() if self._has_serializer() else OpenApiTypes.OBJECT

    def get_response_serializers(self) -> Any:
        return super().get_response_serializers() if self._has_serializer() else OpenApiTypes.OBJECT

    def _has_serializer(self) -> bool:
        return any(hasattr(self.view, name) for name in _NAMES)


def mock_request(
    method: str, path: str, view: APIView, original_request: Request | None, **options: Any
) -> Request:
    """The request of views while they are described: ``get_queryset`` may filter by its user."""
    request: Request = build_mock_request(method, path, view, original_request, **options)
    request.user = get_user_model()()
    return request
