"""Single-use challenges: each is consumed before the signature is verified."""

import secrets
import uuid
from datetime import datetime, timedelta

from core.db import fetch_one
from passkeys.models import PasskeyChallenge

Kind = PasskeyChallenge.Kind

LIFETIME = timedelta(minutes=5)
BYTES = 32
"""At least 16 (Web Authentication Level 3, section 13.4.3)."""

# Of two requests with one challenge, one gets it. The ORM has no ``DELETE ... RETURNING``.
_CONSUME = """
    DELETE FROM passkeys_passkeychallenge
    WHERE kind = %(kind)s AND expires_at > %(now)s AND origin_id IS NOT DISTINCT FROM %(origin_id)s
        AND (%(id)s::uuid IS NULL OR id = %(id)s)
    RETURNING challenge
"""


def issue(
    kind: Kind, *, now: datetime, origin_id: uuid.UUID | None = None
) -> tuple[uuid.UUID, bytes]:
    """
    Args:
        origin_id: of the session or the login challenge; a new challenge replaces its former one.

    Returns:
        the id of the challenge, and its bytes.
    """
    challenge = secrets.token_bytes(BYTES)
    values = {"challenge": challenge, "expires_at": now + LIFETIME}
    if origin_id is None:
        return PasskeyChallenge.objects.create(kind=kind, **values).pk, challenge
    row, _ = PasskeyChallenge.objects.update_or_create(
        kind=kind, origin_id=origin_id, defaults=values
    )
    return row.pk, challenge


def consume(
    kind: Kind,
    *,
    now: datetime,
    challenge_id: uuid.UUID | None = None,
    origin_id: uuid.UUID | None = None,
) -> bytes | None:
    """Returns the challenge; None if it is unknown, expired or consumed.

    Call it outside of a transaction: a failed attempt consumes the challenge as well.
    """
    row = fetch_one(
        _CONSUME, {"kind": str(kind), "id": challenge_id, "origin_id": origin_id, "now": now}
    )
    return bytes(row[0]) if row else None


def purge(*, now: datetime) -> None:
    PasskeyChallenge.objects.filter(expires_at__lte=now).delete()
