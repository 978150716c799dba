"""The OpenAPI description of authentication, cookies and challenges."""

from collections.abc import Iterator
from typing import Any, cast

from django.conf import settings
from drf_spectacular import openapi
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer
from rest_framework import serializers

from accounts.api.cookies import REFRESH_COOKIE
from accounts.api.requests import DEVICE_HEADER, TRUSTED_HEADER
from accounts.api.responses import ChallengeOutput, SetupChallengeOutput
from accounts.api.transport import TRANSPORT_HEADER, Transport
from accounts.conf import switches
from core.openapi import AutoSchema, Schema

Security = list[dict[str, list[str]]]

EXAMPLES = {
    "access": "eyJhbGciOi….eyJzdWIiOi….Qx3…",
    "challenge_id": "0c1f…:9hK…",
    "closes_at": "2026-02-14T09:30:00Z",
    "code": "492039",
    "created": "2026-01-31T09:30:00Z",
    "date_joined": "2026-01-31T09:30:00Z",
    "device": "b2f1….1796000000.9c04…",
    "email": "ada@example.com",
    "event": "session_opened",
    "first_name": "Ada",
    "ip": "203.0.113.7",
    "last_name": "Lovelace",
    "new_password1": "a good long pass phrase",
    "new_password2": "a good long pass phrase",
    "old_password": "the former pass phrase",
    "password": "a good long pass phrase",
    "password1": "a good long pass phrase",
    "password2": "a good long pass phrase",
    "pending_email": "ada@new.example.com",
    "provisioning_uri": "otpauth://totp/Example:ada%40example.com?secret=JBSWY3DPEHPK3PXP",
    "qr_code": "<svg>…</svg>",
    "recovery_code": "7k3m-9wq2-x0bd-hr5t-4vza-c8ne",
    "refresh": "eyJhbGciOi….eyJzdWIiOi….Zt8…",
    "secret": "JBSWY3DPEHPK3PXP",
    "setup_challenge_id": "0c1f…:9hK…",
    "trusted": "7d0e….9hK…",
    "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
}
"""Of fields, by their names."""

SCHEME = "accessToken"
"""Defined in ``SPECTACULAR_SETTINGS``."""


class AccessTokenScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.api.authentication.AccessTokenAuthentication"
    match_subclasses = True
    # With a name, drf-spectacular would define the scheme once per class, and warn.
    name: list[str] = []

    def get_security_requirement(self, auto_schema: openapi.AutoSchema) -> dict[str, list[Any]]:
        return {SCHEME: []}

    def get_security_definition(self, auto_schema: openapi.AutoSchema) -> list[dict[str, Any]]:
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
        return [*super().get_override_parameters(), chosen]

    def require_cookie(self, name: str, description: str) -> str:
        """Adds the security scheme of a cookie, and returns its name."""
        scheme = {"type": "apiKey", "in": "cookie", "name": name, "description": description}
        component = ResolvedComponent(
            name=name, type=ResolvedComponent.SECURITY_SCHEMA, schema=scheme, object=name
        )
        self.registry.register_on_missing(component)
        return name


class SignInSchema(TransportSchema):
    """For endpoints that return tokens."""

    def get_override_parameters(self) -> list[Any]:
        cookies = OpenApiParameter(
            "Set-Cookie",
            str,
            OpenApiParameter.HEADER,
            response=[200, 201],
            description="In cookie transport: `refresh_token` with the tokens, after a sign-in "
            "`known_device`, and `trusted_device` for `trust_device`. Scripts cannot read them.",
        )
        return [*super().get_override_parameters(), cookies]


class RefreshTokenSchema(SignInSchema):
    """For endpoints that take the refresh token, from its cookie or the body."""

    def get_auth(self) -> Security:
        auth = super().get_auth() or [{}]
        cookie = self.require_cookie(REFRESH_COOKIE, "In cookie transport: the refresh token.")
        return [*({**scheme, cookie: []} for scheme in auth), *auth]


class LinkSchema(SignInSchema):
    """For endpoints that take a link, from its cookie or the body."""

    def get_auth(self) -> Security:
        name = cast(Any, self.view).cookie.name
        cookie = self.require_cookie(name, "In cookie transport: set by the link in an e-mail.")
        return [{cookie: []}, {}]

    def get_override_parameters(self) -> list[Any]:
        token = OpenApiParameter(
            "X-CSRFToken",
            str,
            OpenApiParameter.HEADER,
            description=f"In cookie transport: the value of the cookie "
            f"`{settings.CSRF_COOKIE_NAME}`, which the link sets as well.",
        )
        return [*super().get_override_parameters(), token]


class DeviceSchema(SignInSchema):
    def get_override_parameters(self) -> list[Any]:
        header = OpenApiParameter(
            DEVICE_HEADER,
            str,
            OpenApiParameter.HEADER,
            description="In body transport: the `device` of a sign-in.",
        )
        return [*super().get_override_parameters(), header]


def _trusted_header() -> OpenApiParameter:
    return OpenApiParameter(
        TRUSTED_HEADER,
        str,
        OpenApiParameter.HEADER,
        description="In body transport: the `trusted` of `/mfa/verify/`. Leave it out to be asked "
        "for the second factor.",
    )


class LoginSchema(DeviceSchema):
    def get_override_parameters(self) -> list[Any]:
        return [*super().get_override_parameters(), _trusted_header()]


class TrustedDeviceSchema(TransportSchema):
    def get_override_parameters(self) -> list[Any]:
        return [*super().get_override_parameters(), _trusted_header()]


class TokenOrChallengeSchema(SignInSchema):
    """For endpoints whose POST takes an access token or a challenge. Their GET takes a token."""

    def get_auth(self) -> Security:
        return [{SCHEME: []}] if self.method == "GET" else [{SCHEME: []}, {}]

    def get_override_parameters(self) -> list[Any]:
        if self.method == "GET":
            return AutoSchema.get_override_parameters(self)
        return super().get_override_parameters()


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


def add_constants(result: Schema, **_: Any) -> Schema:
    """A postprocessing hook: ``TrueField`` becomes an enum of one value.

    drf-spectacular would give every enum a component, and warn of two fields with one.
    """
    for component in result["components"]["schemas"].values():
        for field in component.get("properties", {}).values():
            if field.pop("x-constant", False):
                field["enum"] = [True]
    return result


def add_examples(result: Schema, **_: Any) -> Schema:
    """A postprocessing hook of drf-spectacular."""
    for component in result["components"]["schemas"].values():
        for name, field in component.get("properties", {}).items():
            if name in EXAMPLES and field.get("type") == "string" and not _is_uuid(field):
                field.setdefault("example", EXAMPLES[name])
    return result


def _is_uuid(field: Schema) -> bool:
    return field.get("format") == "uuid"
