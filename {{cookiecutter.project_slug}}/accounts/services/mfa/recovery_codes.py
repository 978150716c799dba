"""Recovery codes, for a user who has lost the authenticator app. Each works once."""

import secrets
from datetime import datetime

from allauth.mfa.models import Authenticator

from accounts.models import User
from accounts.services.mfa import authenticators, encryption
from accounts.services.mfa.authenticators import Held, Type

SEED_BYTES = 20


def create(user: User, *, now: datetime) -> list[str]:
    """Stores a new seed, and returns its codes, which are shown this once."""
    seed = encryption.encrypt(secrets.token_hex(SEED_BYTES))
    recovery = authenticators.store(user, Type.RECOVERY_CODES, {"seed": seed, "used_mask": 0}, now)
    codes: list[str] = recovery.wrap().generate_codes()
    return codes


def claim(held: Held, *, code: str, now: datetime) -> bool:
    """Whether the code is one that was not used; it works no more.

    Args:
        held: the account's authenticators, locked.
    """
    recovery = held.get(Type.RECOVERY_CODES)
    if recovery is None or not recovery.wrap().validate_code(code):
        return False
    Authenticator.objects.filter(pk=recovery.pk).update(last_used_at=now)
    return True
