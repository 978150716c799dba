"""TOTP (RFC 6238): the six digits that an authenticator app shows.

allauth remembers a used code for one step of 30 seconds, but with drift it is valid for three.
"""

from base64 import b32decode
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
"""The length of the hash's output (RFC 4226, section 4, R6)."""


def claim(held: Held, *, code: str, now: datetime) -> bool:
    """Consumes the code of a locked account, and all earlier ones; returns False for others."""
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
    """The time step of a code, if it is within the drift and later than ``after``."""
    hotp = HOTP(b32decode(encryption.decrypt(encrypted)), DIGITS, SHA1())  # noqa: S303  what apps use
    current = int(now.timestamp()) // int(STEP.total_seconds())
    steps = range(current - DRIFT, current + DRIFT + 1)
    matches = [s for s in steps if constant_time_compare(hotp.generate(s).decode(), code)]
    return next((step for step in matches if step > after), None)
