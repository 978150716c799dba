"""The errors of the accounts API, each with its status and its code."""

from rest_framework import status
from rest_framework.exceptions import (
    APIException,
    AuthenticationFailed,
    PermissionDenied,
    Throttled,
)


class IncorrectCredentials(AuthenticationFailed):
    """One answer for a wrong password, an unknown address and an inactive account."""

    default_detail = "The e-mail address or the password is incorrect."
    default_code = "incorrect_credentials"


class EmailNotVerified(AuthenticationFailed):
    default_detail = (
        "Verify your e-mail address first. Open the link that we sent you, or reset your "
        "password: that also verifies the address."
    )
    default_code = "email_not_verified"


class TokenNotValid(AuthenticationFailed):
    default_detail = "The token is invalid or has expired."
    default_code = "token_not_valid"


class RefreshTokenReplayed(TokenNotValid):
    """The response is that of any other invalid token. ``email`` is the owner's address."""

    def __init__(self, email: str) -> None:
        super().__init__()
        self.email = email


class ReauthenticationRequired(AuthenticationFailed):
    default_detail = "This action requires a recent sign-in. Sign in again."
    default_code = "reauthentication_required"


class CsrfFailed(PermissionDenied):
    default_detail = (
        "Send the value of the CSRF cookie in the X-CSRFToken header, from a trusted origin."
    )
    default_code = "csrf_failed"


class Refusal(APIException):
    status_code = status.HTTP_400_BAD_REQUEST


class RefreshTokenNotAccepted(Refusal):
    """Logout got no refresh token, or one of another account."""

    default_detail = "The refresh token is missing or invalid."
    default_code = "token_not_valid"


class TransportNotValid(Refusal):
    default_detail = "X-Token-Transport must be body or cookie."
    default_code = "invalid_transport"


class OriginNotAllowed(PermissionDenied):
    default_detail = "This origin is not allowed."
    default_code = "origin_not_allowed"


class MfaDisabled(PermissionDenied):
    """The answer of every MFA endpoint in the mode ``disabled``."""

    default_detail = "Multi-factor authentication is not enabled."
    default_code = "mfa_disabled"


class MfaRequired(PermissionDenied):
    default_detail = "Multi-factor authentication is required and cannot be turned off."
    default_code = "mfa_required"


class InvalidChallenge(Refusal):
    default_detail = (
        "The sign-in has expired, or too many incorrect codes were entered. Sign in again."
    )
    default_code = "invalid_challenge"


class InvalidCode(Refusal):
    default_detail = "The code is incorrect or was already used. Enter the next one."
    default_code = "invalid_code"


class InvalidPassword(Refusal):
    default_detail = "The password is incorrect."
    default_code = "invalid_password"


class MfaAlreadyActive(Refusal):
    default_detail = "Multi-factor authentication is already active."
    default_code = "mfa_already_active"


class MfaNotActive(Refusal):
    default_detail = "Multi-factor authentication is not active."
    default_code = "mfa_not_active"


class MfaSetupNotStarted(Refusal):
    default_detail = "The setup was not started or has expired. Start it again."
    default_code = "mfa_setup_not_started"


class TooManyFailedMfaAttempts(Throttled):
    """Raised with ``wait``, in seconds: the ``Retry-After`` of the response."""

    default_detail = "Too many incorrect codes."
    extra_detail_singular = extra_detail_plural = "Try again in {wait} seconds."
