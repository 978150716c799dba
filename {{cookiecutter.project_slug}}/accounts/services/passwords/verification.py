"""Password verification, in equal time for known and unknown addresses.

A rate limit applies to each account, and to each recognised device separately: brute force on other
devices does not lock the owner out (``docs/decisions/0007-*.md``).
"""

import uuid
from datetime import datetime
from functools import cache

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import DEFAULT_DB_ALIAS

from accounts.models import User
from accounts.services.client import Client
from accounts.services.credentials import PASSWORD, Credentials
from accounts.services.passwords import recognised_devices
from core.db import fetch_one
from core.email_address import normalise
from core.logging import security_log
from core.ratelimit import throttling

GUESSES, OWN_CHECKS = "login_account", "password_check_account"

# What a login reads. The ORM takes 0.4 ms of CPU time for it, the statement 0.1 ms.
# In the order of the model, as ``from_db`` takes them.
_READ = ("password", "id", "email", "email_verified", "has_second_factor", "is_active")
_FIND_USER = f"SELECT {', '.join(_READ)} FROM accounts_user WHERE email = %(email)s"  # noqa: S608

_NOBODY = uuid.UUID(int=0)


def verify_credentials(
    *, email: str, password: str, client: Client, now: datetime
) -> Credentials | None:
    """Returns None for a wrong password, an unknown address or an inactive account.

    Raises:
        LimitReached: see ``count_guess``.
    """
    user = find_user(email)
    # Before a rehash: no device is recognised with the new hash.
    device_id = recognise_device(user, client=client, now=now)
    guesser = count_guess(email=email, user=user, device_id=device_id)
    if user is None:
        # Without the work of a hash, the response time would reveal that the address is unknown.
        check_password(password, _decoy_hash())
        _record_failure("unknown_address")
        return None
    is_right = user.check_password(password)
    if not is_right or not user.is_active:
        _record_failure("inactive" if is_right else "wrong_password", user)
        return None
    throttling.forget(GUESSES, of=guesser)
    return Credentials.of(user, methods=[PASSWORD], device_id=device_id)


def find_user(email: str) -> User | None:
    """Finds the account of an address.

    Returns:
        the user with the fields of ``_READ``; the others are read when asked for.
    """
    row = fetch_one(_FIND_USER, {"email": normalise(email)})
    return None if row is None else User.from_db(DEFAULT_DB_ALIAS, _READ, row)


def recognise_device(user: User | None, *, client: Client, now: datetime) -> str:
    """The id of the device; "" if the account does not recognise it."""
    # Known and unknown addresses cost the same: the time must not reveal which addresses exist.
    decoy = _decoy_hash()
    user_id, password_hash = (user.pk, user.password) if user else (_NOBODY, decoy)
    return recognised_devices.recognise(
        client.device_token, user_id=user_id, password_hash=password_hash, now=now
    )


def count_guess(*, email: str, user: User | None, device_id: str) -> str:
    """Counts a guess before it is verified, so that parallel guesses count.

    Returns:
        the argument ``of`` of ``throttling.forget``, for a correct guess.

    Raises:
        LimitReached: the limit of this account and device is exceeded.
    """
    guesser = f"{email} {device_id}"
    throttling.hit(GUESSES, of=guesser, account=user.pk if user else None)
    return guesser


def verify_own_password(password: str, *, user: User) -> bool:
    """Raises ``LimitReached`` after too many wrong passwords."""
    throttling.hit(OWN_CHECKS, of=user.pk, account=user.pk)
    if not user.check_password(password):
        security_log.record("password_check_failed", account=user.pk)
        return False
    throttling.forget(OWN_CHECKS, of=user.pk)
    return True


def _record_failure(reason: str, user: User | None = None) -> None:
    security_log.record("login_failed", account=user.pk if user else None, reason=reason)


def _decoy_hash() -> str:
    return _decoy(tuple(settings.PASSWORD_HASHERS))


@cache
def _decoy(hashers: tuple[str, ...]) -> str:
    """A hash that takes as long to verify as a real one."""
    return make_password(uuid.uuid4().hex)
