"""Responses: tokens, challenges and plain sentences, with the cookies that carry tokens."""

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.cookies import DEVICE, REFRESH, TRUSTED
from accounts.api.fields import CookieAwareSerializer, Fields
from accounts.api.requests import DEVICE_HEADER, TRUSTED_HEADER
from accounts.api.transport import uses_cookies
from accounts.conf import switches
from accounts.services.mfa.challenges import IssuedChallenge, Kind
from accounts.services.passwords.recognised_devices import LIFETIME as DEVICE_LIFETIME
from accounts.services.sessions.tokens import Tokens
from accounts.sign_in import SignInResult


@extend_schema_field({"type": "boolean", "x-constant": True})
class TrueField(serializers.BooleanField):
    """Tells an answer from the others: for a client, a constant."""


class TokensOutput(CookieAwareSerializer):
    """A new pair of tokens. In cookie transport, the refresh token is in a cookie."""

    access = serializers.CharField(help_text="Send it as `Authorization: Bearer`.")
    refresh = serializers.CharField(
        help_text="In body transport. Store it where scripts of other origins cannot read it."
    )


class SignedInOutput(TokensOutput):
    """The tokens of a new session. In cookie transport, the device is in a cookie as well."""

    device = serializers.CharField(
        help_text=f"In body transport. Store it and send it as `{DEVICE_HEADER}` at the next "
        "sign-in. It grants no access; it marks this device as recognised."
    )


class VerifiedOutput(SignedInOutput):
    """With `trust_device`, the trusted device is in a cookie or the body as well."""

    trusted = serializers.CharField(
        required=False,
        help_text=f"In body transport. Store it where scripts of other origins cannot read it, and "
        f"send it as `{TRUSTED_HEADER}` with `/login/`.",
    )


class SetPasswordOutput(SignedInOutput):
    """The password is set, and the user is signed in."""

    detail = serializers.CharField()


class PasswordChangeOutput(SignedInOutput):
    """Contains tokens where the sessions have ended (``LOGOUT_ON_PASSWORD_CHANGE``)."""

    detail = serializers.CharField()

    def get_fields(self) -> Fields:
        fields = super().get_fields()
        return fields if switches.logout_on_password_change else {"detail": fields["detail"]}


class PendingSignInOutput(CookieAwareSerializer):
    device = serializers.CharField(
        required=False, help_text="After a new password; see `SignedInOutput`."
    )


class ChallengeOutput(PendingSignInOutput):
    """The password is correct. A code is required as well (`/mfa/verify/`)."""

    mfa_required = TrueField()
    challenge_id = serializers.CharField()


class SetupChallengeOutput(PendingSignInOutput):
    """The password is correct. Multi-factor authentication must be set up first (`/mfa/setup/`)."""

    mfa_setup_required = TrueField()
    setup_challenge_id = serializers.CharField()


class DetailOutput(serializers.Serializer[Any]):
    detail = serializers.CharField()


def answer_tokens(
    request: Request, issued: Tokens, *, now: datetime, status: int = 200, **also: Any
) -> Response:
    """``also`` are further fields of the body."""
    if not uses_cookies(request):
        body = {"access": issued.access, "refresh": issued.refresh, **also}
        return Response(body, status=status)
    response = Response({"access": issued.access, **also}, status=status)
    REFRESH.set(response, issued.refresh, max_age=issued.refresh_expires_at - now)
    return response


def answer_sign_in(
    request: Request, result: SignInResult, *, now: datetime, status: int = 200, **also: Any
) -> Response:
    in_cookies = uses_cookies(request)
    if result.device_token and not in_cookies:
        also["device"] = result.device_token
    if isinstance(result, IssuedChallenge):
        response = Response({**_challenge(result), **also}, status=status)
    else:
        response = answer_tokens(request, result.tokens, now=now, status=status, **also)
        _add_trust_token(request, response, result.trust_token)
    if result.device_token and in_cookies:
        DEVICE.set(response, result.device_token, max_age=DEVICE_LIFETIME)
    return response


def _add_trust_token(request: Request, response: Response, token: str) -> None:
    lifetime = switches.mfa_trust_lifetime
    if not token or lifetime is None:
        return
    if uses_cookies(request):
        TRUSTED.set(response, token, max_age=lifetime)
    else:
        response.data["trusted"] = token


def _challenge(issued: IssuedChallenge) -> dict[str, Any]:
    if issued.kind is Kind.SETUP:
        return {"mfa_setup_required": True, "setup_challenge_id": issued.signed_id}
    return {"mfa_required": True, "challenge_id": issued.signed_id}


def clear_refresh_cookie(request: Request, response: Response) -> Response:
    if uses_cookies(request):
        REFRESH.delete(response)
    return response
