"""The second factor: TOTP (RFC 6238), recovery codes. The only module to touch ``allauth.mfa``.

allauth keeps the authenticators; whether a TOTP code is right, and that it works once, is decided
here. (allauth remembers a used code in the cache, for one step of 30 seconds, while a code is good
for three where clocks may drift by one.)

Whoever locks more than one of an account's rows takes the account first, then its authenticators,
then sessions and challenges: two requests in another order could wait for each other.
"""

import secrets
import uuid
from base64 import b32decode, b32encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter, get_adapter
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from qrcode.image.svg import SvgPathFillImage
from qrcode.main import make as make_qr_code

from accounts import encryption
from accounts.errors import MfaAlreadyActive, MfaSetupNotStarted
from accounts.models import LoginChallenge, PendingSecret, Session, User

STEP = timedelta(seconds=30)
DRIFT = 1
"""Steps that a clock may be ahead or behind (RFC 6238, section 5.2)."""
DIGITS = 6
SECRET_BYTES = 20
"""As long as the hash's output (RFC 4226, section 4, R6)."""
PENDING_LIFETIME = timedelta(minutes=15)

Type = Authenticator.Type
Held = dict[str, Authenticator]
"""An account's authenticators by type."""


class Adapter(DefaultMFAAdapter):
    """How allauth encrypts what it stores, and draws what apps scan."""

    def encrypt(self, text: str) -> str:
        return encryption.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return encryption.decrypt(encrypted_text)

    def build_totp_svg(self, url: str) -> str:
        """With a ground of its own, for a dark page would swallow the pattern."""
        image = make_qr_code(url, image_factory=SvgPathFillImage)
        return str(image.to_string(encoding="unicode"))


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


# Enrolling


def lock_account(user: User) -> User | None:
    """The account as it is now, locked until the transaction ends.

    Args:
        user: as it was when the person showed who they are.

    Returns:
        None where the password changed, or the account was closed, in the meantime.
    """
    same = User.objects.filter(pk=user.pk, password=user.password, is_active=True)
    return same.select_for_update(no_key=True).first()


def lock_before_deletion(instance: User, **_: Any) -> None:
    """Receives ``pre_delete``: what hangs on the account is deleted in an order of its own."""
    User.objects.select_for_update(no_key=True).filter(pk=instance.pk).first()
    lock_authenticators(instance.pk)


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
    secret = b32encode(secrets.token_bytes(SECRET_BYTES)).decode()
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
    step = _matching_step(pending.secret, code, after=0, now=now)
    if step is None:
        return None
    remove_all(user)
    # Encrypted anew: the key that the pending secret was encrypted with may be on its way out.
    _store(user, Type.TOTP, {"secret": _anew(pending.secret), "last_step": step}, now)
    seed = encryption.encrypt(secrets.token_hex(SECRET_BYTES))
    recovery = _store(user, Type.RECOVERY_CODES, {"seed": seed, "used_mask": 0}, now)
    _mark(user, has_second_factor=True)
    codes: list[str] = recovery.wrap().generate_codes()
    return codes


def remove_all(user: User) -> None:
    """Deletes every authenticator of the account, and a secret that is pending."""
    lock_authenticators(user.pk)
    Authenticator.objects.filter(user=user).delete()
    PendingSecret.objects.filter(user=user).delete()
    _mark(user, has_second_factor=False)


def outlives_reset(user: User) -> bool:
    """Whether setting a new password by mail leaves the second factor as it is.

    The address has to have been verified before the second factor was set up. Otherwise a stranger
    may have set it up, who signed up with the address, and the owner of the mailbox removes it.
    Staff keep theirs, or an admin page that was left open could be used to get rid of it.
    """
    return user.verified_before_second_factor or user.role != User.Role.USER


def authenticators_of(user: User) -> QuerySet[Authenticator]:
    return Authenticator.objects.filter(user=user).order_by("pk")


# Showing


def lock_authenticators(user_id: uuid.UUID) -> Held:
    """The account's authenticators, locked: its codes are looked at one at a time."""
    rows = Authenticator.objects.select_for_update().filter(user_id=user_id).order_by("pk")
    return {row.type: row for row in rows}


def claim_totp(held: Held, *, code: str, now: datetime) -> bool:
    """Whether the code is right; it, and each from before it, works no more.

    Args:
        held: the account's authenticators, locked.
    """
    totp = held.get(Type.TOTP)
    if totp is None:
        return False
    last_step = totp.data.get("last_step", 0)
    step = _matching_step(totp.data["secret"], code, after=last_step, now=now)
    if step is None:
        return False
    totp.data["last_step"], totp.last_used_at = step, now
    totp.save(update_fields=["data", "last_used_at"])
    return True


def claim_recovery_code(held: Held, *, code: str, now: datetime) -> bool:
    """Whether the code is one that was not used; it works no more.

    Args:
        held: the account's authenticators, locked.
    """
    recovery = held.get(Type.RECOVERY_CODES)
    if recovery is None or not recovery.wrap().validate_code(code):
        return False
    Authenticator.objects.filter(pk=recovery.pk).update(last_used_at=now)
    return True


# Upkeep


def purge_pending(*, now: datetime) -> None:
    PendingSecret.objects.filter(created_at__lte=now - PENDING_LIFETIME).delete()


def encrypt_anew() -> int:
    """Encrypts all that is stored with the first of the keys; says how many rows there were."""
    ids = Authenticator.objects.values_list("pk", flat=True)
    pending_ids = PendingSecret.objects.values_list("pk", flat=True)
    return sum(map(_encrypt_row_anew, ids)) + sum(map(_encrypt_pending_anew, pending_ids))


@transaction.atomic
def _encrypt_row_anew(pk: int) -> bool:
    """One transaction each, so that nobody who signs in waits for all of them."""
    row = Authenticator.objects.select_for_update().filter(pk=pk).first()
    if row is None:
        return False
    row.data |= {name: _anew(row.data[name]) for name in {"secret", "seed"} & set(row.data)}
    row.save(update_fields=["data"])
    return True


@transaction.atomic
def _encrypt_pending_anew(pk: uuid.UUID) -> bool:
    pending = PendingSecret.objects.select_for_update().filter(pk=pk).first()
    if pending is None:
        return False
    pending.secret = _anew(pending.secret)
    pending.save(update_fields=["secret"])
    return True


def _anew(encrypted: str) -> str:
    return encryption.encrypt(encryption.decrypt(encrypted))


def _store(user: User, kind: str, data: dict[str, Any], now: datetime) -> Authenticator:
    row = Authenticator(user=user, type=kind, data=data, created_at=now)
    row.save()
    return row


def _mark(user: User, *, has_second_factor: bool) -> None:
    """An update, for saving leaves these columns alone."""
    user.has_second_factor, user.second_factor_changed_at = has_second_factor, timezone.now()
    user.verified_before_second_factor = has_second_factor and user.email_verified
    columns = {name: getattr(user, name) for name in User.SECOND_FACTOR}
    User.objects.filter(pk=user.pk).update(**columns)


def _matching_step(encrypted: str, code: str, *, after: int, now: datetime) -> int | None:
    """The time step that the code belongs to, if it is near enough and later than ``after``."""
    hotp = HOTP(b32decode(encryption.decrypt(encrypted)), DIGITS, SHA1())  # noqa: S303  what apps use
    matches = [step for step in _near(now) if constant_time_compare(_digits(hotp, step), code)]
    return next((step for step in matches if step > after), None)


def _near(now: datetime) -> Iterable[int]:
    current = int(now.timestamp()) // int(STEP.total_seconds())
    return range(current - DRIFT, current + DRIFT + 1)


def _digits(hotp: HOTP, step: int) -> str:
    return hotp.generate(step).decode()
