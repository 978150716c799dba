"""How the OpenAPI description shows our authentication and the refresh cookie."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer
from rest_framework import serializers

from accounts.conf import switches
from accounts.http import REFRESH_COOKIE, ChallengeOutput, SetupChallengeOutput


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


def one_of(name: str, *outputs: type[serializers.Serializer[Any]]) -> PolymorphicProxySerializer:
    """An answer of one of these kinds; ``name`` is that of its component."""
    return PolymorphicProxySerializer(
        component_name=name, serializers=list(outputs), resource_type_field_name=None
    )


def entered(name: str, *outputs: type[serializers.Serializer[Any]]) -> PolymorphicProxySerializer:
    """What ``entry.admit`` leads to: one of these, or a challenge where a second factor is owed."""
    return one_of(name, *outputs, ChallengeOutput, SetupChallengeOutput)


class EitherProofSchema(AutoSchema):
    """For the endpoints that take an access token, or a challenge in its place."""

    def get_auth(self) -> list[dict[str, list[str]]]:
        return [{BearerScheme.name: []}, {}]
