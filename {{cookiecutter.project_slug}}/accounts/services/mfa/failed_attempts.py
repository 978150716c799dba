"""Wrong second factors, counted. In PostgreSQL, so that the limits hold with Redis away.

Six digits can be guessed: with one step of drift three codes in a million are right. Somebody
with the password gets ten guesses in any 15 minutes, over all challenges together.
"""

import uuid
from datetime import datetime, timedelta

from accounts.errors import InvalidChallenge, TooManyFailedMfaAttempts
from accounts.models import FailedMfaAttempt

MAX_PER_CHALLENGE = 5
MAX_PER_ACCOUNT = 10
WINDOW = timedelta(minutes=15)
"""In which so many wrong codes lock an account's second factor, and for how long they do."""


def refuse_too_many(*, user_id: uuid.UUID, challenge_id: uuid.UUID | None, now: datetime) -> None:
    """Call it under the lock that the account's codes are looked at under, one at a time.

    Args:
        challenge_id: the challenge that the next code is for, None where it is for none.

    Raises:
        TooManyFailedMfaAttempts: the account is locked; it says for how long.
        InvalidChallenge: this challenge has had its share of wrong codes.
    """
    latest = _latest(user_id, now)
    locked_until = _locked_until(latest)
    if locked_until is not None and now < locked_until:
        raise TooManyFailedMfaAttempts(wait=(locked_until - now).total_seconds())
    of_challenge = [row for row in latest if challenge_id is not None and row[1] == challenge_id]
    if len(of_challenge) >= MAX_PER_CHALLENGE:
        raise InvalidChallenge


def record(*, user_id: uuid.UUID, challenge_id: uuid.UUID | None, now: datetime) -> bool:
    """Counts one more, and says whether it locks the account's second factor."""
    FailedMfaAttempt.objects.create(user_id=user_id, challenge_id=challenge_id, at=now)
    return _locked_until(_latest(user_id, now)) is not None


def purge(*, now: datetime) -> None:
    """Deletes those that count no more."""
    FailedMfaAttempt.objects.filter(at__lte=now - 2 * WINDOW).delete()


def _latest(user_id: uuid.UUID, now: datetime) -> list[tuple[datetime, uuid.UUID | None]]:
    """The newest first. The last of a lock may be a window old, the first of it one more."""
    rows = FailedMfaAttempt.objects.filter(user_id=user_id, at__gt=now - 2 * WINDOW)
    return list(rows.order_by("-at").values_list("at", "challenge_id")[:MAX_PER_ACCOUNT])


def _locked_until(latest: list[tuple[datetime, uuid.UUID | None]]) -> datetime | None:
    """None unless the last ten came within one window; then nothing is heard for another one."""
    if len(latest) < MAX_PER_ACCOUNT:
        return None
    newest, oldest = latest[0][0], latest[-1][0]
    return newest + WINDOW if newest - oldest < WINDOW else None
