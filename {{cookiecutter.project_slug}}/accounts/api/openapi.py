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
from accounts.api.transport import TRANSPORT_HEADER, Transport
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


class TransportSchema(AutoSchema):
    """For endpoints that take or return tokens, in cookies or in the body."""

    def get_override_parameters(self) -> list[Any]:
        chosen = OpenApiParameter(
            TRANSPORT_HEADER,
            str,
            OpenApiParameter.HEADER,
            enum=list(Transport),
            description="Where this request and its response have the tokens. Without it: "
            + ("`cookie`." if switches.refresh_token_as_cookie else "`body`."),
        )
        return [chosen]


class RefreshTokenSchema(TransportSchema):
    def get_override_parameters(self) -> list[Any]:
        cookie = OpenApiParameter(
            REFRESH_COOKIE, str, OpenApiParameter.COOKIE, description="In cookie transport."
        )
        return [*super().get_override_parameters(), cookie]


class DeviceSchema(TransportSchema):
    def get_override_parameters(self) -> list[Any]:
        header = OpenApiParameter(
            DEVICE_HEADER,
            str,
            OpenApiParameter.HEADER,
            description="In body transport: the `device` of a sign-in.",
        )
        return [*super().get_override_parameters(), header]


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


class TokenOrChallengeSchema(TransportSchema):
    """For endpoints that take an access token or a challenge."""

    def get_auth(self) -> list[dict[str, list[str]]]:
        return [{SCHEME: []}, {}]
