"""Purges what is over: sessions that have expired, and what is kept of those that ended before."""

import uuid
from datetime import datetime

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from accounts.models import EndedSession, Session
from core.db import in_throttled_batches

PURGE_BATCH = 1_000
"""Rows a purging statement deletes at most, so that none holds its locks for long."""
PURGE_SECONDS = 200
"""Then the rest waits for the next purge: a task may take 240."""

MAX_ENDED = 50
"""Ended sessions that are kept of an account, the last ones to end."""


def purge(*, now: datetime) -> int:
    """Deletes the rows of sessions that have expired, in batches; says how many there were.

    One pass over the table finds them: an index on what a refresh changes would cost each refresh.
    """
    expired = Session.objects.filter(expires_at__lte=now).values_list("pk", flat=True)
    found = expired.iterator(chunk_size=PURGE_BATCH)
    batches = in_throttled_batches(found, PURGE_BATCH, seconds=PURGE_SECONDS)
    return sum(_purge_batch(batch, now) for batch in batches)


def _purge_batch(session_ids: list[uuid.UUID], now: datetime) -> int:
    # Skips what is locked: a row that is being rotated is not expired a moment later.
    expired = (
        Session.objects.filter(pk__in=session_ids, expires_at__lte=now)
        .select_for_update(skip_locked=True)
        .values("pk")
    )
    ended, _ = Session.objects.filter(pk__in=expired).delete()
    return ended


def purge_ended(*, now: datetime) -> None:
    """Deletes what is kept of sessions whose tokens have expired, and of too many of an account."""
    place = Window(RowNumber(), partition_by="user_id", order_by=F("ended_at").desc())
    surplus = EndedSession.objects.annotate(place=place).filter(place__gt=MAX_ENDED).values("pk")
    EndedSession.objects.filter(expires_at__lte=now).delete()
    EndedSession.objects.filter(pk__in=surplus).delete()
