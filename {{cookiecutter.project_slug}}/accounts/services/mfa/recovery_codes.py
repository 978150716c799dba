"""Recovery codes, for users who have lost their authenticator app. Each code is single-use.

A code has 120 random bits, so that brute force cannot find it by a plain digest (OWASP ASVS
V6.5.2). The digest needs no key, and outlives every change of keys.
"""

import secrets
from datetime import datetime
from hashlib import sha256

from allauth.mfa.models import Authenticator
from django.db import transaction

from accounts.models import RecoveryCode, User
from accounts.services.mfa.authenticators import Held, Type
from accounts.services.mfa.encryption import KeyMissingError

NUMBER = 10
FEW = 3
"""With so many codes left, or fewer, the owner gets an e-mail about each that is used."""

# Without i, l, o and u (Crockford's Base32): five bits each.
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
GROUPS, GROUP_LENGTH = 6, 4
_LOOK_ALIKES = str.maketrans("ilo", "110")

# allauth made codes of eight digits from a seed, which it encrypts. They stay valid until the user
# has used or replaced them: so few digits must not be stored as a digest.
_SEED = "seed"


def create(user: User, *, now: datetime) -> list[str]:
    """Returns the codes in the form that users see: in groups, with hyphens."""
    holder = Authenticator.objects.create(
        user=user, type=Type.RECOVERY_CODES, data={}, created_at=now
    )
    codes = [_generate() for _ in range(NUMBER)]
    RecoveryCode.objects.bulk_create(
        RecoveryCode(authenticator_id=holder.pk, digest=_digest(code.replace("-", "")))
        for code in codes
    )
    return codes


@transaction.atomic
def replace(user: User, *, now: datetime) -> list[str]:
    """Returns new codes. Those that the account, which the caller has locked, had are deleted."""
    Authenticator.objects.filter(user=user, type=Type.RECOVERY_CODES).delete()
    return create(user, now=now)


def claim(held: Held, *, code: str, now: datetime) -> bool:
    """Consumes the code of a locked account; returns False if it is incorrect or was used."""
    holder = held.get(Type.RECOVERY_CODES)
    if holder is None or not _consume(holder, code):
        return False
    holder.last_used_at = now
    Authenticator.objects.filter(pk=holder.pk).update(last_used_at=now)
    return True


def count_left(holder: Authenticator) -> int:
    """
    Args:
        holder: the authenticator of the type ``RECOVERY_CODES``.
    """
    if _SEED in holder.data:
        try:
            return len(holder.wrap().get_unused_codes())
        except KeyMissingError:
            # None of them is accepted.
            return 0
    return RecoveryCode.objects.filter(authenticator_id=holder.pk).count()


def _consume(holder: Authenticator, code: str) -> bool:
    if _SEED in holder.data:
        return bool(holder.wrap().validate_code(code))
    digest = _digest(code.lower().translate(_LOOK_ALIKES))
    consumed, _ = RecoveryCode.objects.filter(authenticator_id=holder.pk, digest=digest).delete()
    return bool(consumed)


def _generate() -> str:
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS))
    return "-".join(groups)


def _digest(code: str) -> str:
    return sha256(code.encode()).hexdigest()
