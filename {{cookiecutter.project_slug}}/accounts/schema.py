"""How the OpenAPI description shows our authentication and the refresh cookie."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from accounts.conf import switches
from accounts.http import REFRESH_COOKIE


class BearerScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.http.BearerAuthentication"
    match_subclasses = True
    name = "accessToken"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class RefreshTokenSchema(AutoSchema):
    """For the endpoints that take the refresh token; the browser sends its cookie along."""

    def get_override_parameters(self) -> list[Any]:
        cookie = OpenApiParameter(REFRESH_COOKIE, str, OpenApiParameter.COOKIE)
        return [cookie] if switches.refresh_token_as_cookie else []
