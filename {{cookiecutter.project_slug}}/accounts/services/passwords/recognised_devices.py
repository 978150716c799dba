"""Recognised devices: those on which a user has signed in before.

A device has a token for each account. It grants no access: the device gets its own rate limit, and
the user no e-mail about a new device. A change of password invalidates the token.
"""

import re
import uuid
from datetime import datetime, timedelta

from core import digests

LIFETIME = timedelta(days=365)
MAX_ACCOUNTS = 5
"""Accounts for which a device is recognised; the least recent sign-in is dropped first."""

_PURPOSE = "accounts.known_devices"
_TOKEN = re.compile(rf"[0-9a-f]{{32}}\.\d{{1,12}}\.[0-9a-f]{{{digests.LENGTH}}}")
SHAPE = rf"{_TOKEN.pattern}(~{_TOKEN.pattern})*"
"""The format of what ``issue`` returns, as a regular expression."""


def issue(
    *, user_id: uuid.UUID, password_hash: str, now: datetime, device_id: str = "", kept: str = ""
) -> str:
    """A new token, joined with the ones that the device has kept for other accounts."""
    device_id = device_id or uuid.uuid4().hex
    until = str(int((now + LIFETIME).timestamp()))
    digest = digests.make(*_digested(device_id, until, user_id, password_hash))
    token = f"{device_id}.{until}.{digest}"
    others = [other for other in _tokens(kept) if not _id_of(other, user_id, password_hash, now)]
    return "~".join([token, *others][:MAX_ACCOUNTS])


def recognise(kept: str, *, user_id: uuid.UUID, password_hash: str, now: datetime) -> str:
    """The id of the device; "" if the account does not recognise it."""
    ids = (_id_of(token, user_id, password_hash, now) for token in _tokens(kept))
    return next(filter(None, ids), "")


def join(kept: list[str]) -> str:
    """Joins the tokens of several cookies; drops malformed ones."""
    return "~".join([token for each in kept for token in _tokens(each)][:MAX_ACCOUNTS])


def _tokens(kept: str) -> list[str]:
    parts = kept.split("~", MAX_ACCOUNTS)[:MAX_ACCOUNTS]
    return [part for part in parts if _TOKEN.fullmatch(part)]


def _id_of(token: str, user_id: uuid.UUID, password_hash: str, now: datetime) -> str:
    device_id, until, digest = token.split(".")
    is_ours = digests.matches(digest, *_digested(device_id, until, user_id, password_hash))
    return device_id if is_ours and int(until) > now.timestamp() else ""


def _digested(
    device_id: str, until: str, user_id: uuid.UUID, password_hash: str
) -> tuple[str, ...]:
    return _PURPOSE, device_id, until, str(user_id), password_hash
