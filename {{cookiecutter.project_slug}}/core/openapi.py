"""The OpenAPI description of every endpoint: defaults of a view, summaries and errors."""

from typing import Any

from django.contrib.auth import get_user_model
from drf_spectacular import openapi
from drf_spectacular.plumbing import build_mock_request
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework.request import Request
from rest_framework.views import APIView

from core import error_codes

Schema = dict[str, Any]

_REF = "#/components/schemas/"

ERROR = OpenApiResponse({"$ref": f"{_REF}ApiError"}, description="A sentence and its code.")
INVALID = OpenApiResponse(
    {"$ref": f"{_REF}InvalidRequest"},
    description="Sentences and codes by field, or one sentence and its code.",
)

EMPTY = OpenApiResponse(
    {"type": "object", "maxProperties": 0, "example": {}}, description="An empty object."
)

_CODE = {"$ref": f"{_REF}ErrorCode"}
_SENTENCE = {"type": "string", "description": "A sentence to show to the user."}

_REF_OTHER_ERROR = {"$ref": "#/components/responses/OtherError"}
_OTHER_ERROR = {
    "description": "Any other error: 405, 411, 413, 415, 500, or 503 during an outage.",
    "headers": {
        "Retry-After": {
            "schema": {"type": "integer"},
            "description": "With 503: the seconds to wait.",
        }
    },
    "content": {"application/json": {"schema": {"$ref": f"{_REF}ApiError"}}},
}


_NAMES = ("serializer_class", "get_serializer", "get_serializer_class")


class AutoSchema(openapi.AutoSchema):
    """Describes a view without a serializer as one that takes and returns any JSON object."""

    def get_request_serializer(self) -> Any:
        return super().get_request_serializer() if self._has_serializer() else OpenApiTypes.OBJECT

    def get_response_serializers(self) -> Any:
        return super().get_response_serializers() if self._has_serializer() else OpenApiTypes.OBJECT

    def get_summary(self) -> str | None:
        sentence = str(self.get_description()).partition("\n")[0].partition(". ")[0]
        return sentence.removesuffix(".") or None

    def get_override_parameters(self) -> list[Any]:
        retry_after = OpenApiParameter(
            "Retry-After", int, "header", response=[429], description="The seconds to wait."
        )
        return [*super().get_override_parameters(), retry_after]

    def _has_serializer(self) -> bool:
        return any(hasattr(self.view, name) for name in _NAMES)


def mock_request(
    method: str, path: str, view: APIView, original_request: Request | None, **options: Any
) -> Request:
    """The request of views while they are described: ``get_queryset`` may filter by its user."""
    request: Request = build_mock_request(method, path, view, original_request, **options)
    request.user = get_user_model()()
    return request


def add_errors(result: Schema, **_: Any) -> Schema:
    """A postprocessing hook of drf-spectacular: adds the components of errors."""
    result["components"].setdefault("schemas", {}).update(_error_components())
    return result


def add_default_response(result: Schema, **_: Any) -> Schema:
    """A postprocessing hook: what may be returned before an endpoint decides, such as a 503."""
    result["components"].setdefault("responses", {})["OtherError"] = _OTHER_ERROR
    for methods in result["paths"].values():
        for operation in methods.values():
            operation["responses"].setdefault("default", _REF_OTHER_ERROR)
    return result


def drop_defaults(result: Schema, **_: Any) -> Schema:
    """A postprocessing hook: generators of TypeScript require a field that has a default."""
    for component in result["components"]["schemas"].values():
        for field in component.get("properties", {}).values():
            field.pop("default", None)
    return result


def mark_public(result: Schema, **_: Any) -> Schema:
    """A postprocessing hook: an endpoint without a security scheme states that it has none."""
    for methods in result["paths"].values():
        for operation in methods.values():
            operation.setdefault("security", [])
    return result


def _error_components() -> Schema:
    return {
        "ErrorCode": {
            "type": "string",
            "enum": error_codes.codes(),
            "description": "docs/errors.md lists the codes. Later versions may add some.",
        },
        "ApiError": {
            "type": "object",
            "description": "The error of a whole request.",
            "properties": {"detail": _SENTENCE, "code": _CODE},
            "required": ["detail", "code"],
            "example": {"detail": "Not found.", "code": "not_found"},
        },
        "ValidationError": {
            "type": "object",
            "description": "Invalid input: the sentences of each field, and under `codes` the "
            "codes of the same fields. `non_field_errors` stands for the request as a whole. The "
            "name of a nested field is its path, such as `lines.1.amount`.",
            "properties": {
                "codes": {
                    "type": "object",
                    "additionalProperties": {"type": "array", "items": _CODE},
                }
            },
            # Not `additionalProperties` for the sentences: generators have no type for both.
            "required": ["codes"],
            "example": {
                "email": ["This field is required."],
                "codes": {"email": ["required"]},
            },
        },
        "InvalidRequest": {
            "description": "`ValidationError` has `codes`, and `ApiError` has one `code`.",
            "oneOf": [{"$ref": f"{_REF}ValidationError"}, {"$ref": f"{_REF}ApiError"}],
        },
    }
