"""The errors of passkeys, with their status and code."""

from django.utils.translation import gettext_lazy as _

from accounts.errors import Conflict, IncorrectCredentials, Refusal


class PasskeyLoginRefused(IncorrectCredentials):
    """The passkey of a sign-in is not valid or unknown, or the account is inactive."""

    default_detail = _("The passkey was not accepted. Try again.")
    default_code = "incorrect_credentials"


class PasskeyNotAccepted(Refusal):
    """The response of the authenticator to an enrolment is not valid."""

    default_detail = _("The passkey could not be added. Try again.")
    default_code = "invalid_passkey"


class PasskeyNotVerified(Refusal):
    """The signature of a second factor is not valid, or not of one of the user's passkeys."""

    default_detail = _("The passkey could not be verified. Try again.")
    default_code = "invalid_code"


class EnrolmentExpired(Refusal):
    """The challenge of an enrolment is unknown, expired or used."""

    default_detail = _("Adding the passkey took too long. Start again.")
    default_code = "invalid_challenge"


class NoPasskey(Refusal):
    """The account of the challenge has no passkey."""

    default_detail = _("This account has no passkey.")
    default_code = "no_passkey"


class PasskeyTaken(Conflict):
    """An account has registered the passkey before."""

    default_detail = _("This passkey is already registered.")
    default_code = "passkey_taken"


class TooManyPasskeys(Conflict):
    """The account has as many passkeys as an account may have (20)."""

    default_detail = _("You have too many passkeys. Delete one first.")
    default_code = "too_many_passkeys"


class LastFactor(Conflict):
    """The passkey is the last second factor, and `JWT_ALLAUTH_MFA_TOTP_MODE` is `required`."""

    default_detail = _("Multi-factor authentication is required. Set up another factor first.")
    default_code = "last_factor"
