"""The errors of the accounts API, with their status and code."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.exceptions import (
    APIException,
    AuthenticationFailed,
    PermissionDenied,
    Throttled,
)


class IncorrectCredentials(AuthenticationFailed):
    """For a wrong password, an unknown address or an inactive account: no enumeration."""

    default_detail = _("The e-mail address or the password is incorrect.")
    default_code = "incorrect_credentials"


class EmailNotVerified(AuthenticationFailed):
    default_detail = _(
        "Verify your e-mail address first. Open the link that we sent you, or reset your "
        "password: that also verifies the address."
    )
    default_code = "email_not_verified"


class TokenNotValid(AuthenticationFailed):
    default_detail = _("The token is invalid or has expired.")
    default_code = "token_not_valid"


class RefreshTokenReplayed(TokenNotValid):
    """The response is that of any invalid token."""


class ReauthenticationRequired(AuthenticationFailed):
    default_detail = _("This action requires a recent sign-in. Sign in again.")
    default_code = "reauthentication_required"


class CsrfFailed(PermissionDenied):
    default_detail = _(
        "Send the value of the CSRF cookie in the X-CSRFToken header, from a trusted origin."
    )
    default_code = "csrf_failed"


class Refusal(APIException):
    status_code = status.HTTP_400_BAD_REQUEST


class RefreshTokenNotAccepted(Refusal):
    default_detail = _("The refresh token is missing or invalid.")
    default_code = "token_not_valid"


class TransportNotValid(Refusal):
    default_detail = "X-Token-Transport must be body or cookie."
    default_code = "invalid_transport"


class OriginNotAllowed(PermissionDenied):
    default_detail = _("This origin is not allowed.")
    default_code = "origin_not_allowed"


class MfaDisabled(PermissionDenied):
    default_detail = _("Multi-factor authentication is not enabled.")
    default_code = "mfa_disabled"


class MfaRequired(PermissionDenied):
    default_detail = _("Multi-factor authentication is required and cannot be turned off.")
    default_code = "mfa_required"


class InvalidChallenge(Refusal):
    default_detail = _(
        "The sign-in has expired, or too many incorrect codes were entered. Sign in again."
    )
    default_code = "invalid_challenge"


class InvalidCode(Refusal):
    default_detail = _("The code is incorrect or was already used. Enter the next one.")
    default_code = "invalid_code"


class InvalidPassword(Refusal):
    default_detail = _("The password is incorrect.")
    default_code = "invalid_password"


class MfaAlreadyActive(Refusal):
    default_detail = _("Multi-factor authentication is already active.")
    default_code = "mfa_already_active"


class MfaNotActive(Refusal):
    default_detail = _("Multi-factor authentication is not active.")
    default_code = "mfa_not_active"


class MfaSetupNotStarted(Refusal):
    default_detail = _("The setup was not started or has expired. Start it again.")
    default_code = "mfa_setup_not_started"


class TooManyFailedMfaAttempts(Throttled):
    """Raised with ``wait``, in seconds."""

    default_detail = _("Too many incorrect codes.")
    extra_detail_singular: Any = _("Try again in {wait} seconds.")
    extra_detail_plural: Any = extra_detail_singular
