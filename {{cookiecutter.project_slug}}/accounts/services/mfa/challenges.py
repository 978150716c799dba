"""Login challenges: the password is verified, the second factor is not yet."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.signing import BadSignature, Signer

from accounts.errors import InvalidChallenge
from accounts.models import LoginChallenge
from accounts.services.credentials import Credentials, OutdatedCredentialsError
from accounts.signals import challenge_completed
from core import digests
from core.db import fetch_one

LIFETIME = timedelta(minutes=5)
_BOUND = "accounts.challenges"

Kind = LoginChallenge.Kind

# The share lock waits for a password change in flight: a challenge that was opened with the old
# password must not outlive the change.
_OPEN = """
    INSERT INTO accounts_loginchallenge (id, user_id, kind, bound_to, methods, expires_at)
    SELECT %(id)s, id, %(kind)s, %(bound_to)s, %(methods)s, %(expires_at)s FROM accounts_user
    WHERE id = %(user_id)s AND password = %(password_hash)s AND is_active
    FOR SHARE
    RETURNING id
"""


@dataclass(frozen=True, slots=True)
class IssuedChallenge:
    kind: Kind
    signed_id: str
    device_token: str = ""
    """If the user came with a signed link."""


def open_challenge(*, credentials: Credentials, kind: Kind, now: datetime) -> IssuedChallenge:
    """Raises ``OutdatedCredentialsError`` if the password changed or the account is inactive."""
    challenge_id = uuid.uuid4()
    row = {
        "id": challenge_id,
        "user_id": credentials.user_id,
        "password_hash": credentials.password_hash,
        "kind": str(kind),
        "bound_to": digests.make(_BOUND, credentials.password_hash),
        "methods": list(credentials.methods),
        "expires_at": now + LIFETIME,
    }
    if fetch_one(_OPEN, row) is None:
        raise OutdatedCredentialsError
    return IssuedChallenge(kind, _signer(kind).sign(challenge_id.hex))


def find(kind: Kind, signed_id: str, *, now: datetime) -> LoginChallenge:
    """Reads the challenge with its user.

    Raises:
        InvalidChallenge: forged, expired, consumed, or issued before a change of password.
    """
    try:
        challenge_id = uuid.UUID(_signer(kind).unsign(signed_id))
    except (BadSignature, UnicodeError):
        raise InvalidChallenge from None
    live = LoginChallenge.objects.filter(kind=kind, expires_at__gt=now, user__is_active=True)
    challenge = live.select_related("user").filter(pk=challenge_id).first()
    if challenge is None or not digests.matches(
        challenge.bound_to, _BOUND, challenge.user.password
    ):
        raise InvalidChallenge
    return challenge


def consume(challenge: LoginChallenge) -> bool:
    """Of two requests with one challenge, exactly one gets True."""
    consumed, _ = LoginChallenge.objects.filter(pk=challenge.pk).delete()
    if consumed:
        challenge_completed.send(LoginChallenge, challenge=challenge)
    return bool(consumed)


def revoke_all(*, user_id: uuid.UUID) -> None:
    LoginChallenge.objects.filter(user_id=user_id).delete()


def revoke_everybody() -> None:
    LoginChallenge.objects.all().delete()


def purge(*, now: datetime) -> None:
    expired = LoginChallenge.objects.filter(expires_at__lte=now)
    unlocked = expired.select_for_update(skip_locked=True).values("pk")
    LoginChallenge.objects.filter(pk__in=unlocked).delete()


def _signer(kind: Kind) -> Signer:
    return Signer(salt=f"accounts.challenges.{kind}")
