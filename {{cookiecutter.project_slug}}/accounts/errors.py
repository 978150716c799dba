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
    """The password, the address or the account is not valid. The response does not say which."""

    default_detail = _("The e-mail address or the password is incorrect.")
    default_code = "incorrect_credentials"


class EmailNotVerified(AuthenticationFailed):
    """The password is correct, but the address must be verified before a sign-in."""

    default_detail = _(
        "Verify your e-mail address first. Open the link that we sent you, or reset your "
        "password: that also verifies the address."
    )
    default_code = "email_not_verified"


class VerifiedEmailRequired(PermissionDenied):
    """The permission `IsEmailVerified` refuses a user whose address is not verified."""

    default_detail = _("Verify your e-mail address first.")
    default_code = "email_not_verified"


class TokenNotValid(AuthenticationFailed):
    """The access token, the refresh token or the link is invalid, expired or revoked."""

    default_detail = _("The token is invalid or has expired.")
    default_code = "token_not_valid"


class RefreshTokenReplayed(TokenNotValid):
    """The response is that of any invalid token."""


class ReauthenticationRequired(AuthenticationFailed):
    """The session is older than 15 minutes, is of a trusted device, or lacks the second factor."""

    default_detail = _("This action requires a recent sign-in. Sign in again.")
    default_code = "reauthentication_required"


class CsrfFailed(PermissionDenied):
    """`X-CSRFToken` is missing or differs from the cookie, or the origin is not trusted."""

    default_detail = _(
        "Send the value of the CSRF cookie in the X-CSRFToken header, from a trusted origin."
    )
    default_code = "csrf_failed"


class Refusal(APIException):
    status_code = status.HTTP_400_BAD_REQUEST


class Conflict(APIException):
    status_code = status.HTTP_409_CONFLICT


class PasswordExists(Conflict):
    """The account has a password, which only a change or a reset replaces."""

    default_detail = _("Your account has a password. Change it instead.")
    default_code = "password_exists"


class RefreshTokenNotAccepted(Refusal):
    """The refresh token of a logout is missing, invalid or of another user."""

    default_detail = _("The refresh token is missing or invalid.")
    default_code = "token_not_valid"


class TransportNotValid(Refusal):
    """The header `X-Token-Transport` has another value than `body` or `cookie`."""

    default_detail = "X-Token-Transport must be body or cookie."
    default_code = "invalid_transport"


class OriginNotAllowed(PermissionDenied):
    """A cookie comes with an `Origin` that is not in `CORS_ALLOWED_ORIGINS`."""

    default_detail = _("This origin is not allowed.")
    default_code = "origin_not_allowed"


class MfaDisabled(PermissionDenied):
    """An MFA endpoint is called while `JWT_ALLAUTH_MFA_TOTP_MODE` is `disabled`."""

    default_detail = _("Multi-factor authentication is not enabled.")
    default_code = "mfa_disabled"


class MfaRequired(PermissionDenied):
    """MFA is turned off while `JWT_ALLAUTH_MFA_TOTP_MODE` is `required`."""

    default_detail = _("Multi-factor authentication is required and cannot be turned off.")
    default_code = "mfa_required"


class InvalidChallenge(Refusal):
    """The challenge is unknown, expired or used, or had five incorrect codes."""

    default_detail = _(
        "The sign-in has expired, or too many incorrect codes were entered. Sign in again."
    )
    default_code = "invalid_challenge"


class InvalidCode(Refusal):
    """The code of the authenticator app, or the recovery code, is incorrect or used."""

    default_detail = _("The code is incorrect or was already used. Enter the next one.")
    default_code = "invalid_code"


class InvalidPassword(Refusal):
    """The password of a request to turn MFA off is incorrect."""

    default_detail = _("The password is incorrect.")
    default_code = "invalid_password"


class MfaAlreadyActive(Refusal):
    """An authenticator app is set up for an account that has one."""

    default_detail = _("An authenticator app is already active.")
    default_code = "mfa_already_active"


class MfaNotActive(Refusal):
    """MFA is turned off, or recovery codes are replaced, without a second factor."""

    default_detail = _("Multi-factor authentication is not active.")
    default_code = "mfa_not_active"


class MfaSetupNotStarted(Refusal):
    """A setup is activated that was not started, has expired or was replaced."""

    default_detail = _("The setup was not started or has expired. Start it again.")
    default_code = "mfa_setup_not_started"


class TooManyFailedMfaAttempts(Throttled):
    """Raised with ``wait``, in seconds."""

    default_detail = _("Too many incorrect codes.")
    extra_detail_singular: Any = _("Try again in {wait} seconds.")
    extra_detail_plural: Any = extra_detail_singular


class SecondFactorRequired(AuthenticationFailed):
    """The account has a second factor, which this session has not shown: send a `code`."""

    default_detail = _("This action requires your second factor.")
    default_code = "second_factor_required"


class ClosingRefused(Conflict):
    """An app of the project does not let the account be closed (`on_account_closing`)."""

    default_detail = _("This account cannot be closed now.")
    default_code = "closing_refused"


class LastAdmin(ClosingRefused):
    """The account of the last active administrator who can sign in is closed."""

    default_detail = _("You are the last administrator. Make another user an administrator first.")
    default_code = "last_admin"


class LastWayIn(Conflict):
    """The last way to sign in would be removed."""

    default_detail = _("You could not sign in any more. Set a password first.")
    default_code = "last_way_in"


FIELD_ERRORS = {
    "email_taken": "An account has the address.",
    "incorrect_password": "The old password is incorrect.",
    "invalid_name": "The name has a control character or a web address.",
    "password_is_own_name": "The password is the name or the domain of this site, or nearly so.",
    "password_leaked": "The password is in the list of leaked passwords.",
    "password_mismatch": "The two passwords differ.",
    "password_too_common": "The password is in a list of common passwords.",
    "password_too_long": "The password has more than 128 characters.",
    "password_too_short": "The password has fewer than 8 characters.",
    "password_too_similar": "The password is similar to the name or the address.",
    "password_untypeable": "The password has a character that no request can contain.",
}
"""The codes of a field's errors, and when they occur."""
