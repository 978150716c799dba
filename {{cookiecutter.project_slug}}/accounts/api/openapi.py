"""The OpenAPI description of authentication, the refresh cookie and the challenges."""

from collections.abc import Iterator
from typing import Any, cast

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer
from rest_framework import serializers

from accounts.api.cookies import REFRESH_COOKIE
from accounts.api.requests import DEVICE_HEADER
from accounts.api.responses import ChallengeOutput, SetupChallengeOutput
from accounts.conf import switches

SCHEME = "accessToken"
"""Defined in ``SPECTACULAR_SETTINGS``."""


class AccessTokenScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.api.authentication.AccessTokenAuthentication"
    match_subclasses = True
    # With a name, drf-spectacular would define the scheme once per class, and warn.
    name: list[str] = []

    def get_security_requirement(self, auto_schema: AutoSchema) -> dict[str, list[Any]]:
        return {SCHEME: []}

    def get_security_definition(self, auto_schema: AutoSchema) -> list[dict[str, Any]]:
        return []


class RefreshTokenSchema(AutoSchema):
    """For endpoints that take the refresh token. With cookies, the browser sends it."""

    def get_override_parameters(self) -> list[Any]:
        cookie = OpenApiParameter(REFRESH_COOKIE, str, OpenApiParameter.COOKIE)
        return [cookie] if switches.refresh_token_as_cookie else []


class DeviceSchema(AutoSchema):
    """For endpoints that take the device token. With cookies, the browser sends it."""

    def get_override_parameters(self) -> list[Any]:
        header = OpenApiParameter(
            DEVICE_HEADER, str, OpenApiParameter.HEADER, description="The `device` of a sign-in."
        )
        return [] if switches.refresh_token_as_cookie else [header]


Output = type[serializers.Serializer[Any]]


class SignInOutputs:
    """These outputs, and the challenges of the MFA mode at the time of reading."""

    # drf-spectacular also takes a callable, but calls it only once.

    def __init__(self, *outputs: Output) -> None:
        self._outputs = outputs

    def __iter__(self) -> Iterator[Output]:
        yield from self._outputs
        if switches.mfa_mode.asks(has_second_factor=True):
            yield ChallengeOutput
        if switches.mfa_mode.asks(has_second_factor=False):
            yield SetupChallengeOutput


def sign_in_responses(name: str, *outputs: Output) -> PolymorphicProxySerializer:
    """The OpenAPI component ``name``: one of the outputs, or a challenge."""
    kinds = cast(Any, SignInOutputs(*outputs))
    return PolymorphicProxySerializer(
        component_name=name, serializers=kinds, resource_type_field_name=None
    )


class TokenOrChallengeSchema(AutoSchema):
    """For endpoints that take an access token or a challenge."""

    def get_auth(self) -> list[dict[str, list[str]]]:
        return [{SCHEME: []}, {}]
