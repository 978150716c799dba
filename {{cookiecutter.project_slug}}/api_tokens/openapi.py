"""The OpenAPI description of tokens."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent

from api_tokens import conf, scopes

SCHEME = "apiToken"


class ApiTokenScheme(OpenApiAuthenticationExtension):
    target_class = "api_tokens.authentication.ApiTokenAuthentication"
    # With a name, drf-spectacular would define the scheme for views that take no token, too.
    name: list[str] = []

    def get_security_requirement(self, auto_schema: AutoSchema) -> Any:
        scope = scopes.required(auto_schema.view, auto_schema.method)
        if scope is None:
            return None
        component = ResolvedComponent(
            name=SCHEME, type=ResolvedComponent.SECURITY_SCHEMA, schema=_scheme(), object=SCHEME
        )
        auto_schema.registry.register_on_missing(component)
        return {SCHEME: []}

    def get_security_definition(self, auto_schema: AutoSchema) -> list[dict[str, Any]]:
        return []


def _scheme() -> dict[str, Any]:
    return {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": f"{conf.prefix()}…",
        "description": "An API token with the scope that the endpoint requires.",
    }
