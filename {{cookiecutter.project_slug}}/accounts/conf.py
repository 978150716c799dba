"""The settings of accounts, typed and read at each access."""

from datetime import timedelta
from enum import StrEnum

from django.conf import settings


class MfaMode(StrEnum):
    DISABLED = "disabled"
    OPTIONAL = "optional"
    REQUIRED = "required"

    def asks(self, *, has_second_factor: bool) -> bool:
        """Whether sign-in requires a second factor."""
        return self is MfaMode.REQUIRED or (self is MfaMode.OPTIONAL and has_second_factor)


class EmailVerification(StrEnum):
    MANDATORY = "mandatory"
    OPTIONAL = "optional"
    NONE = "none"

    def asks(self, *, email_verified: bool) -> bool:
        """Whether the address must be verified before a sign-in."""
        return self is EmailVerification.MANDATORY and not email_verified


DEFAULT_TRUST_LIFETIME = timedelta(days=30)

_VERIFICATION_ALIASES = {"True": "mandatory", "False": "none"}


class Switches:
    @property
    def refresh_token_as_cookie(self) -> bool:
        return bool(settings.JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE)

    @property
    def access_token_lifetime(self) -> timedelta:
        return timedelta(seconds=settings.JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME)

    @property
    def refresh_token_lifetime(self) -> timedelta:
        return timedelta(seconds=settings.JWT_ALLAUTH_REFRESH_TOKEN_LIFETIME)

    @property
    def session_lifetime(self) -> timedelta | None:
        """None for no limit."""
        seconds: int = settings.JWT_ALLAUTH_SESSION_LIFETIME
        return timedelta(seconds=seconds) if seconds else None

    @property
    def refresh_reuse_leeway(self) -> timedelta:
        return timedelta(seconds=settings.JWT_ALLAUTH_REFRESH_REUSE_LEEWAY)

    @property
    def max_sessions(self) -> int:
        return int(settings.JWT_ALLAUTH_MAX_SESSIONS)

    @property
    def access_token_session_check(self) -> bool:
        return bool(settings.JWT_ALLAUTH_ACCESS_TOKEN_SESSION_CHECK)

    @property
    def new_device_emails(self) -> bool:
        return bool(settings.NEW_DEVICE_EMAILS)

    @property
    def replay_emails(self) -> bool:
        return bool(settings.REPLAY_EMAILS)

    @property
    def old_password_required(self) -> bool:
        return bool(settings.OLD_PASSWORD_FIELD_ENABLED)

    @property
    def logout_on_password_change(self) -> bool:
        return bool(settings.LOGOUT_ON_PASSWORD_CHANGE)

    @property
    def admin_managed_registration(self) -> bool:
        return bool(settings.JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION)

    @property
    def invitations(self) -> bool:
        """Whether admins may invite users, instead of open sign-up or in addition to it."""
        return self.admin_managed_registration or bool(settings.JWT_ALLAUTH_INVITATIONS)

    @property
    def invitation_lifetime(self) -> timedelta:
        return timedelta(seconds=settings.JWT_ALLAUTH_INVITATION_LIFETIME)

    @property
    def account_closing_grace(self) -> timedelta:
        return timedelta(seconds=settings.ACCOUNT_CLOSING_GRACE)

    @property
    def unverified_account_lifetime(self) -> timedelta:
        return timedelta(seconds=settings.UNVERIFIED_ACCOUNT_LIFETIME)

    @property
    def unverified_account_warning(self) -> timedelta | None:
        """How long before its deletion a sign-up gets an e-mail. None for no e-mail."""
        seconds: int = settings.UNVERIFIED_ACCOUNT_WARNING
        is_on = seconds and self.email_verification is not EmailVerification.NONE
        return timedelta(seconds=seconds) if is_on else None

    @property
    def password_reset_lifetime(self) -> timedelta:
        return timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)

    @property
    def confirm_email_on_get(self) -> bool:
        """False if the user must press a button: some mail scanners open every link."""
        return bool(settings.JWT_ALLAUTH_CONFIRM_EMAIL_ON_GET)

    @property
    def mfa_mode(self) -> MfaMode:
        return MfaMode(settings.JWT_ALLAUTH_MFA_TOTP_MODE)

    @property
    def mfa_trust_lifetime(self) -> timedelta | None:
        """None if no device is trusted. Where MFA is required, the default is None."""
        seconds: int | None = settings.MFA_TRUST_LIFETIME
        if seconds is None:
            return None if self.mfa_mode is MfaMode.REQUIRED else DEFAULT_TRUST_LIFETIME
        return timedelta(seconds=seconds) if seconds else None

    @property
    def email_verification(self) -> EmailVerification:
        value = str(settings.EMAIL_VERIFICATION)
        return EmailVerification(_VERIFICATION_ALIASES.get(value, value))


switches = Switches()
