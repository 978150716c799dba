"""The second factor that a request presents: its code is claimed, or counts as a failed attempt."""

import uuid
from collections.abc import Callable, Iterable
from datetime import datetime

from django.db import transaction

from accounts import emails
from accounts.conf import switches
from accounts.errors import InvalidCode, SecondFactorRequired
from accounts.models import Session, User
from accounts.services.client import Client
from accounts.services.mfa import authenticators, failed_attempts, recovery_codes, totp
from accounts.services.mfa.authenticators import Held, Type
from core.logging import security_log

Claim = Callable[..., bool]
"""``totp.claim`` or ``recovery_codes.claim``."""


def present(
    user: User,
    *,
    code: str,
    claims: Iterable[Claim],
    client: Client,
    now: datetime,
    challenge_id: uuid.UUID | None = None,
) -> bool:
    """Claims the code if it is correct, counts a failed attempt if not.

    Raises:
        InvalidChallenge, TooManyFailedMfaAttempts: no further code is accepted.
    """
    held = authenticators.lock(user.pk)
    if not held:
        # MFA was turned off in the meantime: no code is correct.
        return False
    failed_attempts.refuse_too_many(user_id=user.pk, challenge_id=challenge_id, now=now)
    claimed = next((claim for claim in claims if claim(held, code=code, now=now)), None)
    if claimed is recovery_codes.claim:
        _warn_of_few_codes(user, held, client)
    if claimed:
        return True
    security_log.record("second_factor_failed", account=user.pk)
    if failed_attempts.record(user_id=user.pk, challenge_id=challenge_id, now=now):
        security_log.record("second_factor_locked", account=user.pk, alarming=True)
        emails.tell_owner(emails.second_factor_locked, user, ip=client.ip)
    return False


def require(session: Session, *, code: str, client: Client, now: datetime) -> None:
    """Checks that the user has shown the second factor in this session, or shows it by a code.

    Raises:
        SecondFactorRequired: there is no code.
        InvalidCode, TooManyFailedMfaAttempts: the code is not accepted.
    """
    user = session.user
    asks = switches.mfa_mode.asks(has_second_factor=user.has_second_factor)
    if session.with_second_factor or not asks:
        return
    if not code:
        raise SecondFactorRequired
    with transaction.atomic():
        claims = (totp.claim, recovery_codes.claim)
        is_correct = present(user, code=code, claims=claims, client=client, now=now)
    if not is_correct:
        raise InvalidCode


def _warn_of_few_codes(user: User, held: Held, client: Client) -> None:
    left = recovery_codes.count_left(held[Type.RECOVERY_CODES])
    if left <= recovery_codes.FEW:
        emails.tell_owner(emails.recovery_codes_low, user, ip=client.ip, left=left)
