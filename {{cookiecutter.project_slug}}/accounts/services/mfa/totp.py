"""TOTP (RFC 6238): the six digits that an authenticator app shows.

allauth remembers a used code in the cache, for one step of 30 seconds; a code is valid for three
steps where clocks may drift by one. So this module decides whether a code is correct, and claims
it.
"""

from base64 import b32decode
from collections.abc import Iterable
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP
from django.utils.crypto import constant_time_compare

from accounts.services.mfa import encryption
from accounts.services.mfa.authenticators import Held, Type

STEP = timedelta(seconds=30)
DRIFT = 1
"""Steps that a clock may be ahead or behind (RFC 6238, section 5.2)."""
DIGITS = 6
SECRET_BYTES = 20
"""As long as the hash's output (RFC 4226, section 4, R6)."""


def claim(held: Held, *, code: str, now: datetime) -> bool:
    """Whether the code is right; it, and each from before it, works no more.

    Args:
        held: the account's authenticators, locked.
    """
    totp = held.get(Type.TOTP)
    if totp is None:
        return False
    last_step = totp.data.get("last_step", 0)
    step = matching_step(totp.data["secret"], code, after=last_step, now=now)
    if step is None:
        return False
    totp.data["last_step"], totp.last_used_at = step, now
    totp.save(update_fields=["data", "last_used_at"])
    return True


def matching_step(encrypted: str, code: str, *, after: int, now: datetime) -> int | None:
    """The time step that the code belongs to, if it is near enough and later than ``after``."""
    hotp = HOTP(b32decode(encryption.decrypt(encrypted)), DIGITS, SHA1())  # noqa: S303  what apps use
    matches = [step for step in _near(now) if constant_time_compare(_digits(hotp, step), code)]
    return next((step for step in matches if step > after), None)


def _near(now: datetime) -> Iterable[int]:
    current = int(now.timestamp()) // int(STEP.total_seconds())
    return range(current - DRIFT, current + DRIFT + 1)


def _digits(hotp: HOTP, step: int) -> str:
    return hotp.generate(step).decode()
