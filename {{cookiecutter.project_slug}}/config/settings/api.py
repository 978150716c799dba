"""Django REST framework and the OpenAPI description."""

from typing import Any

from config.env import env
from config.settings.base import DEBUG, INSTALLED_APPS, PROJECT_NAME, PUBLIC_URL
from config.settings.throttling import THROTTLE_RATES

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.api.authentication.AccessTokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    # Only JSON: a form of another site cannot send it.
    "DEFAULT_PARSER_CLASSES": ["core.parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_THROTTLE_CLASSES": ["core.ratelimit.throttling.RequestThrottle"],
    "DEFAULT_THROTTLE_RATES": THROTTLE_RATES,
    "DEFAULT_SCHEMA_CLASS": "core.openapi.AutoSchema",
    # For generic views that list a table.
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "PAGE_SIZE": 50,
    "EXCEPTION_HANDLER": "core.error_responses.answer",
    # Responses are JSON for each Accept header, and ?format= has no effect.
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "core.negotiation.ContentNegotiation",
    "URL_FORMAT_OVERRIDE": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

_HAS_SIDECAR = "drf_spectacular_sidecar" in INSTALLED_APPS
API_DOCS = env.boolean("API_DOCS", DEBUG and _HAS_SIDECAR)
if API_DOCS and not _HAS_SIDECAR:
    env.problems["API_DOCS"] = "API_DOCS must be False, or the extra `docs` installed."

SPECTACULAR_SETTINGS = {
    "TITLE": PROJECT_NAME,
    "VERSION": "1",
    "SERVERS": [{"url": PUBLIC_URL}],
    "PREPROCESSING_HOOKS": ["core.switchable.without_what_is_off"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "core.openapi.add_errors",
        "core.openapi.add_default_response",
        "core.openapi.drop_defaults",
        "core.openapi.mark_public",
        "accounts.api.openapi.add_constants",
        "accounts.api.openapi.add_examples",
    ],
    "GET_MOCK_REQUEST": "core.openapi.mock_request",
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "accessToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
        }
    },
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # Do not send the API's address to an external validator.
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": "none"},
}
