"""How the OpenAPI description shows our authentication, the refresh cookie and the challenges."""

from collections.abc import Iterator
from typing import Any, cast

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer
from rest_framework import serializers

from accounts.conf import switches
from accounts.http import DEVICE_HEADER, REFRESH_COOKIE, ChallengeOutput, SetupChallengeOutput


class BearerScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.authentication.AccessTokenAuthentication"
    match_subclasses = True
    name = "accessToken"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class RefreshTokenSchema(AutoSchema):
    """For the endpoints that take the refresh token; the browser sends its cookie along."""

    def get_override_parameters(self) -> list[Any]:
        cookie = OpenApiParameter(REFRESH_COOKIE, str, OpenApiParameter.COOKIE)
        return [cookie] if switches.refresh_token_as_cookie else []


class DeviceSchema(AutoSchema):
    """For the endpoints where a client may say which device it is; the browser sends its cookie."""

    def get_override_parameters(self) -> list[Any]:
        header = OpenApiParameter(
            DEVICE_HEADER, str, OpenApiParameter.HEADER, description="The `device` of a sign-in."
        )
        return [] if switches.refresh_token_as_cookie else [header]


Output = type[serializers.Serializer[Any]]


class OutputsOfEntry:
    """These, and the challenges of the mode that is set whenever they are read.

    (drf-spectacular also takes a callable, which it asks once and never again.)
    """

    def __init__(self, *outputs: Output) -> None:
        self._outputs = outputs

    def __iter__(self) -> Iterator[Output]:
        yield from self._outputs
        if switches.mfa_mode.asks(has_second_factor=True):
            yield ChallengeOutput
        if switches.mfa_mode.asks(has_second_factor=False):
            yield SetupChallengeOutput


def entered(name: str, *outputs: Output) -> PolymorphicProxySerializer:
    """What ``entry.admit`` leads to: one of these, or a challenge where a second factor is owed.

    Args:
        name: that of the component.
    """
    kinds = cast(Any, OutputsOfEntry(*outputs))
    return PolymorphicProxySerializer(
        component_name=name, serializers=kinds, resource_type_field_name=None
    )


class EitherProofSchema(AutoSchema):
    """For the endpoints that take an access token, or a challenge in its place."""

    def get_auth(self) -> list[dict[str, list[str]]]:
        return [{BearerScheme.name: []}, {}]
