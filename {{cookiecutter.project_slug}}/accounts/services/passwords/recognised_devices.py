"""Devices that an account has signed in on before.

A device keeps a token of this module's for each of the accounts that were last signed in on it. A
token opens nothing: it tells the owner's device from a new one, so that the owner gets in while
somebody else is guessing, and hears of a sign-in elsewhere. It lives for a year from the last
sign-in, and dies with the password.
"""

import re
import uuid
from datetime import datetime, timedelta

from core import digests

LIFETIME = timedelta(days=365)
MAX_ACCOUNTS = 5
"""For how many accounts a device is known; the one that was signed in longest ago goes first."""

_PURPOSE = "accounts.known_devices"
_TOKEN = re.compile(rf"[0-9a-f]{{32}}\.\d{{1,12}}\.[0-9a-f]{{{digests.LENGTH}}}")
SHAPE = rf"{_TOKEN.pattern}(~{_TOKEN.pattern})*"
"""What ``issue`` returns, as a regular expression."""


def issue(
    *, user_id: uuid.UUID, password_hash: str, now: datetime, device: str = "", kept: str = ""
) -> str:
    """What a device that has just been shown to be the owner's is to keep from now on.

    Args:
        device: its id, "" for one that has none yet.
        kept: what it kept until now; of that, what is for other accounts stays.
    """
    device = device or uuid.uuid4().hex
    until = str(int((now + LIFETIME).timestamp()))
    fresh = f"{device}.{until}.{_digest(device, until, user_id, password_hash)}"
    others = [token for token in _tokens(kept) if not _id_of(token, user_id, password_hash, now)]
    return "~".join([fresh, *others][:MAX_ACCOUNTS])


def recognise(kept: str, *, user_id: uuid.UUID, password_hash: str, now: datetime) -> str:
    """The id of the device that keeps this, "" where it is not known here and now."""
    ids = (_id_of(token, user_id, password_hash, now) for token in _tokens(kept))
    return next(filter(None, ids), "")


def join(kept: list[str]) -> str:
    """What several cookies keep, as one would. What is no token of ours is left out."""
    return "~".join([token for each in kept for token in _tokens(each)][:MAX_ACCOUNTS])


def _tokens(kept: str) -> list[str]:
    """A client that sends more, or something else, gets none of it back."""
    return [
        token for token in kept.split("~", MAX_ACCOUNTS)[:MAX_ACCOUNTS] if _TOKEN.fullmatch(token)
    ]


def _id_of(token: str, user_id: uuid.UUID, password_hash: str, now: datetime) -> str:
    device, until, digest = token.split(".")
    is_ours = digests.matches(digest, _PURPOSE, device, until, str(user_id), password_hash)
    return device if is_ours and int(until) > now.timestamp() else ""


def _digest(device: str, until: str, user_id: uuid.UUID, password_hash: str) -> str:
    return digests.make(_PURPOSE, device, until, str(user_id), password_hash)
