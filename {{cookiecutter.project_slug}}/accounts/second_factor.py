"""The second factor that a request presents: it is claimed, or counts as a failed attempt."""

import logging
import uuid
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial

from django.db import transaction

from accounts import emails
from accounts.conf import switches
from accounts.errors import SecondFactorRequired
from accounts.models import Session, User
from accounts.services.client import Client
from accounts.services.mfa import (
    authenticators,
    encryption,
    failed_attempts,
    recovery_codes,
    totp,
)
from accounts.services.mfa.authenticators import Held, Type
from core.logging import security_log

logger = logging.getLogger(__name__)

Claim = Callable[..., bool]
"""``totp.claim`` or ``recovery_codes.claim``."""


def present(
    user: User,
    *,
    claims: Iterable[Callable[[Held], bool]],
    client: Client,
    now: datetime,
    challenge_id: uuid.UUID | None = None,
) -> bool:
    """Returns whether one of the claims accepts what the user shows. Otherwise counts an attempt.

    Args:
        claims: each gets the account's locked authenticators.

    Raises:
        InvalidChallenge, TooManyFailedMfaAttempts: no further code is accepted.
    """
    held = authenticators.lock(user.pk)
    if not held:
        # MFA was turned off in the meantime: no code is correct.
        return False
    failed_attempts.refuse_too_many(user_id=user.pk, challenge_id=challenge_id, now=now)
    if any(_accepts(claim, held) for claim in claims):
        _warn_of_few_codes(user, held, client, now)
        return True
    security_log.record("second_factor_failed", account=user.pk)
    if failed_attempts.record(user_id=user.pk, challenge_id=challenge_id, now=now):
        security_log.record("second_factor_locked", account=user.pk, alarming=True)
        emails.tell_owner(emails.second_factor_locked, user, ip=client.ip)
    return False


def _accepts(claim: Callable[[Held], bool], held: Held) -> bool:
    try:
        return claim(held)
    except encryption.KeyMissingError as error:
        # Refused as an incorrect code: recovery codes need no key.
        logger.error("%s", error)
        return False


def present_code(user: User, code: str, *, client: Client, now: datetime) -> bool:
    """As ``present``, for a code of the authenticator app or a recovery code."""
    claims = [partial(claim, code=code, now=now) for claim in (totp.claim, recovery_codes.claim)]
    with transaction.atomic():
        return present(user, claims=claims, client=client, now=now)


def accept(session: Session, *, code: str, client: Client, now: datetime) -> bool:
    """Accepts a session that has shown the second factor, or a code, which is consumed.

    Call it in the transaction that acts: if that is rolled back, the code stays valid. If this
    returns False, let it commit, because it counts the failed attempt, and raise ``InvalidCode``.

    Raises:
        SecondFactorRequired: there is no code.
        TooManyFailedMfaAttempts: no code is accepted.
    """
    user = session.user
    asks = switches.mfa_mode.asks(has_second_factor=user.has_second_factor)
    if session.with_second_factor or not asks:
        return True
    if not code:
        raise SecondFactorRequired
    return present_code(user, code, client=client, now=now)


def _warn_of_few_codes(user: User, held: Held, client: Client, now: datetime) -> None:
    holder = held.get(Type.RECOVERY_CODES)
    if holder is None or holder.last_used_at != now:
        # Another second factor was shown.
        return
    left = recovery_codes.count_left(holder)
    if left <= recovery_codes.FEW:
        emails.tell_owner(emails.recovery_codes_low, user, ip=client.ip, left=left)
