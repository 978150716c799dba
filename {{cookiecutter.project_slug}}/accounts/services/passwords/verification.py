"""Passwords verified: the same time for an account that exists and for one that does not.

Guesses are limited for each account separately. A device that the account was signed in
on before has a count of its own: a stranger can use up the guesses of all other devices together,
and the owner still gets in, on a device of theirs or by a reset (``docs/decisions/0007-*.md``).
"""

import uuid
from datetime import datetime
from functools import cache

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import DEFAULT_DB_ALIAS

from accounts.models import User
from accounts.services.client import Client
from accounts.services.credentials import Credentials
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
    """None for a wrong password, an unknown address and an inactive account, after equal work.

    Raises:
        LimitReached: there were too many guesses; this one may have been right.
    """
    user = find_user(email)
    # Before the new hash is stored: with it the devices would be unknown.
    device = recognise_device(user, client=client, now=now)
    guesser = count_guess(email=email, user=user, device=device)
    if user is None:
        # Without a hash to check, the answer itself would say that the address is unknown.
        check_password(password, _decoy_hash())
        _record_failure("unknown_address")
        return None
    is_right = user.check_password(password)
    if not is_right or not user.is_active:
        _record_failure("inactive" if is_right else "wrong_password", user)
        return None
    throttling.forget(GUESSES, of=guesser)
    return Credentials.of(user, device=device)


def find_user(email: str) -> User | None:
    """Finds the account of an address.

    Returns:
        the user with the fields of ``_READ``; the others are read when asked for.
    """
    row = fetch_one(_FIND_USER, {"email": normalise(email)})
    return None if row is None else User.from_db(DEFAULT_DB_ALIAS, _READ, row)


def recognise_device(user: User | None, *, client: Client, now: datetime) -> str:
    """The id of the device, "" for one that the account does not know."""
    decoy = _decoy_hash()
    # For an unknown address as many digests, or made-up tokens would tell by their time which
    # addresses have an account. No token is made for this id.
    user_id, password_hash = (user.pk, user.password) if user else (_NOBODY, decoy)
    return recognised_devices.recognise(
        client.device_token, user_id=user_id, password_hash=password_hash, now=now
    )


def count_guess(*, email: str, user: User | None, device: str) -> str:
    """Before the password is looked at, or guesses in parallel would all be looked at.

    Returns:
        what ``throttling.forget`` takes once the guess was right.

    Raises:
        LimitReached: there were too many.
    """
    guesser = f"{email} {device}"
    throttling.hit(GUESSES, of=guesser, account=user.pk if user else None)
    return guesser


def verify_own_password(password: str, *, user: User) -> bool:
    """Whether somebody who is signed in as ``user`` knows the password.

    Raises:
        LimitReached: there were too many wrong ones.
    """
    throttling.hit(OWN_CHECKS, of=user.pk, account=user.pk)
    if not user.check_password(password):
        security_log.record("password_check_failed", account=user.pk)
        return False
    throttling.forget(OWN_CHECKS, of=user.pk)
    return True


def replace_password(*, user: User, new_password: str) -> bool:
    """Sets a password in place of the one that ``user`` was read with.

    The caller also ends what was opened under the old password.

    Returns:
        False where the account has another password or address by now, or was closed.
    """
    new_hash = make_password(new_password)
    # An update, for saving would end sessions that a setting may want kept.
    current = User.objects.filter(
        pk=user.pk, password=user.password, email=user.email, is_active=True
    )
    if not current.update(password=new_hash):
        return False
    user.password = new_hash
    return True


def _record_failure(reason: str, user: User | None = None) -> None:
    security_log.record("login_failed", account=user.pk if user else None, reason=reason)


def _decoy_hash() -> str:
    return _decoy(tuple(settings.PASSWORD_HASHERS))


@cache
def _decoy(hashers: tuple[str, ...]) -> str:
    """A hash that costs what a real one costs, made once for each list of hashers."""
    return make_password(uuid.uuid4().hex)
