"""The refusals of signing in, each with its status and its code."""

from rest_framework import status
from rest_framework.exceptions import (
    APIException,
    AuthenticationFailed,
    PermissionDenied,
    Throttled,
)


class IncorrectCredentials(AuthenticationFailed):
    """One answer for a wrong password, an unknown address and an inactive account."""

    default_detail = "The e-mail address or the password is not correct."
    default_code = "incorrect_credentials"


class EmailNotVerified(AuthenticationFailed):
    default_detail = (
        "Confirm your e-mail address first: open the link that we sent you, or ask for a new "
        "password, whose link confirms the address as well."
    )
    default_code = "email_not_verified"


class TokenNotValid(AuthenticationFailed):
    default_detail = "The token is not valid, or no longer."
    default_code = "token_not_valid"


class RefreshTokenReplayed(TokenNotValid):
    """The answer does not tell it from any other; ``email`` is the owner's."""

    def __init__(self, email: str) -> None:
        super().__init__()
        self.email = email


class ReauthenticationRequired(AuthenticationFailed):
    default_detail = "Sign in again first: you signed in some time ago."
    default_code = "reauthentication_required"


class CsrfFailed(PermissionDenied):
    default_detail = (
        "Send the value of the CSRF cookie in the X-CSRFToken header, from a trusted origin."
    )
    default_code = "csrf_failed"


class Refusal(APIException):
    status_code = status.HTTP_400_BAD_REQUEST


class RefreshTokenNotAccepted(Refusal):
    """What logout says of a refresh token that is missing or not the caller's."""

    default_detail = "Send the refresh token of the session to end."
    default_code = "token_not_valid"


class OriginNotAllowed(PermissionDenied):
    default_detail = "Requests from this origin are not accepted."
    default_code = "origin_not_allowed"


class MfaDisabled(PermissionDenied):
    """What each endpoint of the second factor says where there is none."""

    default_detail = "There is no second factor here."
    default_code = "mfa_disabled"


class MfaRequired(PermissionDenied):
    default_detail = "Everybody has a second factor here; it cannot be removed."
    default_code = "mfa_required"


class InvalidChallenge(Refusal):
    default_detail = "Sign in again: this took too long, or too many codes were wrong."
    default_code = "invalid_challenge"


class InvalidCode(Refusal):
    default_detail = "The code is not correct, or it was used before. Wait for the next one."
    default_code = "invalid_code"


class InvalidPassword(Refusal):
    default_detail = "This is not your password."
    default_code = "invalid_password"


class MfaAlreadyActive(Refusal):
    default_detail = "You have a second factor already."
    default_code = "mfa_already_active"


class MfaNotActive(Refusal):
    default_detail = "You have no second factor."
    default_code = "mfa_not_active"


class MfaSetupNotStarted(Refusal):
    default_detail = "Start the setup first, or again: its secret is good for some minutes only."
    default_code = "mfa_setup_not_started"


class TooManyFailedMfaAttempts(Throttled):
    """Raised with ``wait``, in seconds: the answer's ``Retry-After``."""

    default_detail = "Too many wrong codes."
    extra_detail_singular = extra_detail_plural = "Try again in {wait} seconds."
