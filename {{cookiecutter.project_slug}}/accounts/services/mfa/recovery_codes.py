"""Recovery codes, for users who have lost their authenticator app. Each code is single-use."""

import secrets
from datetime import datetime

from allauth.mfa.models import Authenticator

from accounts.models import User
from accounts.services.mfa import encryption
from accounts.services.mfa.authenticators import Held, Type

SEED_BYTES = 20


def create(user: User, *, now: datetime) -> list[str]:
    seed = encryption.encrypt(secrets.token_hex(SEED_BYTES))
    recovery = Authenticator.objects.create(
        user=user,
        type=Type.RECOVERY_CODES,
        data={"seed": seed, "used_mask": 0},
        created_at=now,
    )
    codes: list[str] = recovery.wrap().generate_codes()
    return codes


def claim(held: Held, *, code: str, now: datetime) -> bool:
    """Consumes the code of a locked account; returns False if it is incorrect or was used."""
    recovery = held.get(Type.RECOVERY_CODES)
    if recovery is None or not recovery.wrap().validate_code(code):
        return False
    Authenticator.objects.filter(pk=recovery.pk).update(last_used_at=now)
    return True
