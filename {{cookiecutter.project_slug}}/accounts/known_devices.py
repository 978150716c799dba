"""Devices that an account has signed in on before.

A device keeps a token of this module's. It opens nothing: it tells the owner's device from a new
one, so that the owner gets in while somebody else is guessing, and hears of a sign-in elsewhere. It
lives for a year from the last sign-in, and dies with the password.
"""

import uuid
from datetime import datetime, timedelta

from accounts import digests

LIFETIME = timedelta(days=365)
_PURPOSE = "accounts.known_devices"


def issue(*, user_id: uuid.UUID, password_hash: str, now: datetime, device: str = "") -> str:
    """A token for a device that has just been shown to be the owner's.

    Args:
        device: its id, "" for one that has none yet.
    """
    device = device or uuid.uuid4().hex
    until = str(int((now + LIFETIME).timestamp()))
    digest = digests.make(_PURPOSE, device, until, str(user_id), password_hash)
    return f"{device}.{until}.{digest}"


def recognise(token: str, *, user_id: uuid.UUID, password_hash: str, now: datetime) -> str:
    """The id of the device that the token was made for, "" where it is not good here and now."""
    device, _, rest = token.partition(".")
    until, _, digest = rest.partition(".")
    if not digests.fits(digest, _PURPOSE, device, until, str(user_id), password_hash):
        return ""
    # It is ours: the digest says that the number is one.
    return device if int(until) > now.timestamp() else ""
