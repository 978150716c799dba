"""Reads and writes passkeys. ``accounts`` uses this module as a ``FurtherFactor``."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.logging import security_log
from passkeys import ceremonies
from passkeys.ceremonies import CeremonyError, Registered, Verified
from passkeys.errors import PasskeyTaken, TooManyPasskeys
from passkeys.models import NAME_MAX_LENGTH, Passkey

TYPE = Passkey.type
LABEL = _("Passkey")
MAX_PER_ACCOUNT = 20

METHOD = "pop"
"""Proof of possession of a key, in ``amr`` (RFC 8176, section 2)."""

# In this order: the user agent of an iPhone names macOS as well, that of Android Linux.
_PLATFORMS = ("iPhone", "iPad", "Android", "CrOS", "Windows", "Macintosh", "Linux")


def list_for(user: User) -> list[Passkey]:
    return list(Passkey.objects.filter(user=user).order_by("pk"))


def usable_by(user: User) -> QuerySet[Passkey]:
    """Those that sign in without a password."""
    return Passkey.objects.filter(user=user, user_verified=True)


def export(user: User, _now: datetime) -> list[Any]:
    """For the export of the user's account."""
    columns = ("name", "created_at", "last_used_at", "backed_up")
    return [*Passkey.objects.filter(user=user).order_by("pk").values(*columns)]


def remove_all(user: User) -> None:
    Passkey.objects.filter(user=user).delete()


def create(
    user: User, registered: Registered, *, name: str, transports: list[str], now: datetime
) -> Passkey:
    """
    Raises:
        TooManyPasskeys: the account, which the caller has locked, has as many as it may have.
        PasskeyTaken: an account has registered the credential before.
    """
    if Passkey.objects.filter(user=user).count() >= MAX_PER_ACCOUNT:
        raise TooManyPasskeys
    passkey = Passkey(
        user=user,
        name=name[:NAME_MAX_LENGTH],
        credential_id=registered.credential_id,
        public_key=registered.public_key,
        sign_count=registered.sign_count,
        transports=transports,
        aaguid=registered.aaguid,
        user_verified=registered.user_verified,
        backup_eligible=registered.backup_eligible,
        backed_up=registered.backed_up,
        created_at=now,
    )
    try:
        with transaction.atomic():
            passkey.save(force_insert=True)
    except IntegrityError:
        raise PasskeyTaken from None
    return passkey


def claim(
    user: User, credential: dict[str, Any], challenge: bytes | None, now: datetime, _held: Any
) -> bool:
    """Whether one of the user's passkeys has signed the challenge: a claim of ``second_factor``."""
    credential_id = ceremonies.read_id(credential)
    passkey = Passkey.objects.filter(user=user, credential_id=credential_id).first()
    if challenge is None or passkey is None:
        return False
    try:
        verified = ceremonies.verify(
            credential, passkey=passkey, challenge=challenge, verify_user=False
        )
    except CeremonyError:
        return False
    # A password or a session precedes: now the user verification of this passkey counts.
    passkey.user_verified |= verified.user_verified
    return note_use(passkey, verified, now=now)


def note_use(passkey: Passkey, verified: Verified, *, now: datetime) -> bool:
    """Returns False if the passkey has been deleted in the meantime."""
    # A copy of the key may be in use (Level 3, section 6.1.1). Synchronised passkeys stay at 0.
    if verified.sign_count <= passkey.sign_count and passkey.sign_count:
        security_log.record(
            "passkey_sign_count_fell", account=passkey.user_id, passkey=passkey.pk, alarming=True
        )
    rows = Passkey.objects.filter(pk=passkey.pk)
    changes = {
        "sign_count": verified.sign_count,
        "user_verified": passkey.user_verified,
        "backed_up": verified.backed_up,
        "last_used_at": now,
    }
    return bool(rows.update(**changes))


def guess_name(user_agent: str) -> str:
    """The platform of the browser, as a name for its passkey."""
    return next((name for name in _PLATFORMS if name in user_agent), "Passkey")
