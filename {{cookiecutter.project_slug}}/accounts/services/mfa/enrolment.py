"""Enrolment: a pending secret becomes the account's second factor with its first code."""

import secrets
from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.mfa.adapter import get_adapter
from django.db import IntegrityError

from accounts.errors import MfaAlreadyActive, MfaSetupNotStarted
from accounts.models import LoginChallenge, PendingSecret, Session, User
from accounts.services.mfa import authenticators, encryption, recovery_codes, totp
from accounts.services.mfa.authenticators import Type

PENDING_LIFETIME = timedelta(minutes=15)


class OriginGoneError(Exception):
    """The session or the challenge that sets up a second factor has ended."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator app needs: the QR code and the secret say the same."""

    secret: str
    provisioning_uri: str

    @property
    def qr_code(self) -> str:
        """Drawn when it is shown, and not while the account is locked."""
        return str(get_adapter().build_totp_svg(self.provisioning_uri))


def begin(user: User, *, origin: Session | LoginChallenge, now: datetime) -> Enrolment:
    """Draws a secret, which counts once ``activate`` has seen a code; replaces a pending one.

    Args:
        user: locked.
        origin: what the person is known by; the pending secret ends with it.

    Raises:
        MfaAlreadyActive: the account has a second factor, which stays as it is.
        OriginGoneError: the session or the challenge has ended in the meantime.
    """
    if user.has_second_factor:
        raise MfaAlreadyActive
    secret = b32encode(secrets.token_bytes(totp.SECRET_BYTES)).decode()
    pending = {
        "session": origin if isinstance(origin, Session) else None,
        "challenge": origin if isinstance(origin, LoginChallenge) else None,
        "secret": encryption.encrypt(secret),
        "created_at": now,
    }
    try:
        PendingSecret.objects.update_or_create(user=user, defaults=pending)
    except IntegrityError:
        raise OriginGoneError from None
    return Enrolment(secret, get_adapter().build_totp_url(user, secret))


def activate(user: User, *, code: str, now: datetime) -> list[str] | None:
    """Makes the pending secret the account's second factor.

    Args:
        user: locked.

    Returns:
        the recovery codes, which are shown this once; None for a wrong code.

    Raises:
        MfaAlreadyActive: the account has a second factor.
        MfaSetupNotStarted: no secret is pending, or it has waited for longer than 15 minutes.
    """
    if user.has_second_factor:
        raise MfaAlreadyActive
    pending = PendingSecret.objects.filter(user=user, created_at__gt=now - PENDING_LIFETIME).first()
    if pending is None:
        raise MfaSetupNotStarted
    step = totp.matching_step(pending.secret, code, after=0, now=now)
    if step is None:
        return None
    authenticators.remove_all(user)
    # The key that the pending secret was encrypted with may be about to be removed.
    secret = encryption.reencrypt(pending.secret)
    authenticators.store(user, Type.TOTP, {"secret": secret, "last_step": step}, now)
    codes = recovery_codes.create(user, now=now)
    authenticators.set_second_factor(user, has_second_factor=True)
    return codes


def purge_pending(*, now: datetime) -> None:
    PendingSecret.objects.filter(created_at__lte=now - PENDING_LIFETIME).delete()
