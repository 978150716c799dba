"""Login challenges: a password was shown, a second factor is owed. Only this writes their rows."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.signing import BadSignature, Signer
from django.db import connection

from accounts.errors import InvalidChallenge
from accounts.models import LoginChallenge
from accounts.services.credentials import Credentials, OutdatedCredentialsError
from core import digests

LIFETIME = timedelta(minutes=5)
_BOUND = "accounts.challenges"

Kind = LoginChallenge.Kind

# As with sessions, the share lock makes a password change in flight finish first: a challenge that
# followed the old password would outlive the change that was to end it.
_OPEN = """
    INSERT INTO accounts_loginchallenge (id, user_id, kind, bound_to, expires_at)
    SELECT %(id)s, id, %(kind)s, %(bound_to)s, %(expires_at)s FROM accounts_user
    WHERE id = %(user_id)s AND password = %(password_hash)s AND is_active
    FOR SHARE
"""


@dataclass(frozen=True, slots=True)
class IssuedChallenge:
    """What the client gets instead of tokens: the row's id, signed. It does not say whose it is.

    ``device`` is the device cookie of a person who has shown the mailbox; else "".
    """

    kind: Kind
    signed_id: str
    device: str = ""


def open_challenge(*, credentials: Credentials, kind: Kind, now: datetime) -> IssuedChallenge:
    """
    Raises:
        OutdatedCredentialsError: the password changed, or the account was closed, in the meantime.
    """
    challenge_id = uuid.uuid4()
    row: dict[str, Any] = {
        "id": challenge_id,
        "user_id": credentials.user_id,
        "password_hash": credentials.password_hash,
        "kind": str(kind),
        "bound_to": digests.make(_BOUND, credentials.password_hash),
        "expires_at": now + LIFETIME,
    }
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, row)
        if not cursor.rowcount:
            raise OutdatedCredentialsError
    return IssuedChallenge(kind, _signer(kind).sign(challenge_id.hex))


def find(kind: Kind, signed_id: str, *, now: datetime) -> LoginChallenge:
    """The challenge with its user, read in one query. It stays until it is consumed.

    Raises:
        InvalidChallenge: forged, expired, consumed, or overtaken by a new password.
    """
    try:
        challenge_id = uuid.UUID(_signer(kind).unsign(signed_id))
    except (BadSignature, UnicodeError):
        raise InvalidChallenge from None
    open_ones = LoginChallenge.objects.filter(kind=kind, expires_at__gt=now, user__is_active=True)
    challenge = open_ones.select_related("user").filter(pk=challenge_id).first()
    if challenge is None or not _is_bound(challenge):
        raise InvalidChallenge
    return challenge


def consume(challenge: LoginChallenge) -> bool:
    """Of two requests with one challenge, exactly one gets True."""
    consumed, _ = LoginChallenge.objects.filter(pk=challenge.pk).delete()
    return bool(consumed)


def revoke_all(*, user_id: uuid.UUID) -> None:
    """Ends every challenge of a person."""
    LoginChallenge.objects.filter(user_id=user_id).delete()


def revoke_everybody() -> None:
    """Ends every challenge there is."""
    LoginChallenge.objects.all().delete()


def purge(*, now: datetime) -> None:
    """Deletes the rows of those that have expired. Skips those that somebody else is ending."""
    expired = LoginChallenge.objects.filter(expires_at__lte=now)
    unlocked = expired.select_for_update(skip_locked=True).values("pk")
    LoginChallenge.objects.filter(pk__in=unlocked).delete()


def _is_bound(challenge: LoginChallenge) -> bool:
    return digests.matches(challenge.bound_to, _BOUND, challenge.user.password)


def _signer(kind: Kind) -> Signer:
    return Signer(salt=f"accounts.challenges.{kind}")
