"""Failed MFA attempts, counted in PostgreSQL: the limits apply while Redis is unavailable."""

import uuid
from datetime import datetime, timedelta

from django.db.models import BooleanField, ExpressionWrapper, F, OuterRef, Q, QuerySet, Subquery

from accounts.errors import InvalidChallenge, TooManyFailedMfaAttempts
from accounts.models import FailedMfaAttempt, User

# At any time, three of a million codes are correct (``totp.DRIFT``).
MAX_PER_CHALLENGE = 5
MAX_PER_ACCOUNT = 10
WINDOW = timedelta(minutes=15)
"""The period in which ``MAX_PER_ACCOUNT`` attempts lock the account, and the time it is locked."""


def refuse_too_many(*, user_id: uuid.UUID, challenge_id: uuid.UUID | None, now: datetime) -> None:
    """The caller has locked the account or its authenticators.

    Raises:
        TooManyFailedMfaAttempts: the account has had ten failed attempts in 15 minutes.
        InvalidChallenge: the challenge has had five failed attempts.
    """
    latest = _latest(user_id, now)
    if _is_locking(latest) and now < latest[0].at + WINDOW:
        raise TooManyFailedMfaAttempts(wait=(latest[0].at + WINDOW - now).total_seconds())
    of_challenge = [row for row in latest if challenge_id and row.challenge_id == challenge_id]
    if len(of_challenge) >= MAX_PER_CHALLENGE:
        raise InvalidChallenge


def record(*, user_id: uuid.UUID, challenge_id: uuid.UUID | None, now: datetime) -> bool:
    """Returns whether this failed attempt locks the second factor of the account."""
    FailedMfaAttempt.objects.create(user_id=user_id, challenge_id=challenge_id, at=now)
    return _is_locking(_latest(user_id, now))


def with_lock(users: QuerySet[User], *, now: datetime) -> QuerySet[User]:
    """Adds ``mfa_locked``: whether the account accepts no second factor for now."""
    attempts = FailedMfaAttempt.objects.filter(user=OuterRef("pk"), at__gt=now - 2 * WINDOW)
    times = attempts.order_by("-at").values("at")
    locked = Q(latest_attempt__gt=now - WINDOW, first_attempt__gt=F("latest_attempt") - WINDOW)
    return users.alias(
        latest_attempt=Subquery(times[:1]),
        first_attempt=Subquery(times[MAX_PER_ACCOUNT - 1 : MAX_PER_ACCOUNT]),
    ).annotate(mfa_locked=ExpressionWrapper(locked, output_field=BooleanField()))


def purge(*, now: datetime) -> None:
    FailedMfaAttempt.objects.filter(at__lte=now - 2 * WINDOW).delete()


def _latest(user_id: uuid.UUID, now: datetime) -> list[FailedMfaAttempt]:
    # Two windows: the last attempt of a lock in force is up to one window old, its first up to two.
    rows = FailedMfaAttempt.objects.filter(user_id=user_id, at__gt=now - 2 * WINDOW)
    return list(rows.order_by("-at")[:MAX_PER_ACCOUNT])


def _is_locking(latest: list[FailedMfaAttempt]) -> bool:
    return len(latest) == MAX_PER_ACCOUNT and latest[0].at - latest[-1].at < WINDOW
