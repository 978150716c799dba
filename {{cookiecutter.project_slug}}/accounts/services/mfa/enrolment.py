"""Enrolment: the first correct code turns a pending secret into the account's second factor."""

import secrets
from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.db import IntegrityError

from accounts.errors import MfaAlreadyActive, MfaSetupNotStarted
from accounts.models import LoginChallenge, PendingSecret, Session, User
from accounts.services.mfa import authenticators, encryption, recovery_codes, totp

PENDING_LIFETIME = timedelta(minutes=15)


class OriginGoneError(Exception):
    """The session or the challenge that started the setup has ended."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    secret: str
    provisioning_uri: str

    @property
    def qr_code(self) -> str:
        # Rendered on access, when the account is no longer locked.
        return str(get_adapter().build_totp_svg(self.provisioning_uri))


def begin(user: User, *, origin: Session | LoginChallenge, now: datetime) -> Enrolment:
    """Stores a new pending secret, which is deleted with its origin.

    Raises:
        MfaAlreadyActive: the account, which the caller has locked, has an authenticator app.
        OriginGoneError: the session or the challenge has ended.
    """
    if authenticators.has_app(user):
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
    """Returns the recovery codes (see ``begin_second_factor``), or None if the code is incorrect.

    Raises:
        MfaAlreadyActive: the account, which the caller has locked, has an authenticator app.
        MfaSetupNotStarted: no secret is pending, or it is older than 15 minutes.
    """
    if authenticators.has_app(user):
        raise MfaAlreadyActive
    pending = PendingSecret.objects.filter(user=user, created_at__gt=now - PENDING_LIFETIME).first()
    if pending is None:
        raise MfaSetupNotStarted
    step = totp.matching_step(pending.secret, code, after=0, now=now)
    if step is None:
        return None
    # An older key may have encrypted it.
    secret = encryption.reencrypt(pending.secret)
    PendingSecret.objects.filter(user=user).delete()
    codes = begin_second_factor(user, now=now)
    Authenticator.objects.create(
        user=user,
        type=authenticators.Type.TOTP,
        data={"secret": secret, "last_step": step},
        created_at=now,
    )
    return codes


def begin_second_factor(user: User, *, now: datetime) -> list[str]:
    """Records that the account, which the caller has locked, gets a second factor.

    Returns:
        the recovery codes; an empty list if the account has had a second factor before.
    """
    if user.has_second_factor:
        return []
    # Rows from another project, imported without the flag, are not in use.
    authenticators.remove_all(user)
    authenticators.set_second_factor(user, has_second_factor=True)
    return recovery_codes.create(user, now=now)


def purge_pending(*, now: datetime) -> None:
    PendingSecret.objects.filter(created_at__lte=now - PENDING_LIFETIME).delete()
