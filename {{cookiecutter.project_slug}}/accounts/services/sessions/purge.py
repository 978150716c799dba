"""Purges expired sessions, and the ended sessions that are no longer needed."""

import uuid
from datetime import datetime

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from accounts.models import EndedSession, Session
from core.db import in_throttled_batches

PURGE_BATCH = 1_000
"""Rows that one statement deletes at most, so that it does not hold its locks for long."""
PURGE_SECONDS = 200
"""Then the rest waits for the next purge: a task is stopped after 240 seconds."""

MAX_ENDED = 50
"""Ended sessions that are kept of an account."""


def purge(*, now: datetime) -> int:
    """Returns how many expired sessions were deleted."""
    # Reads the whole table: an index on ``expires_at`` would slow down every refresh.
    expired = Session.objects.filter(expires_at__lte=now).values_list("pk", flat=True)
    found = expired.iterator(chunk_size=PURGE_BATCH)
    batches = in_throttled_batches(found, PURGE_BATCH, seconds=PURGE_SECONDS)
    return sum(_purge_batch(batch, now) for batch in batches)


def _purge_batch(session_ids: list[uuid.UUID], now: datetime) -> int:
    # Skips locked rows: a session that is being refreshed does not expire now.
    expired = (
        Session.objects.filter(pk__in=session_ids, expires_at__lte=now)
        .select_for_update(skip_locked=True)
        .values("pk")
    )
    ended, _ = Session.objects.filter(pk__in=expired).delete()
    return ended


def purge_ended(*, now: datetime) -> None:
    place = Window(RowNumber(), partition_by="user_id", order_by=F("ended_at").desc())
    surplus = EndedSession.objects.annotate(place=place).filter(place__gt=MAX_ENDED).values("pk")
    EndedSession.objects.filter(expires_at__lte=now).delete()
    EndedSession.objects.filter(pk__in=surplus).delete()
