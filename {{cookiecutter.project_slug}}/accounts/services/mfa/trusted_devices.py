"""Trusted devices: browsers and apps whose user has shown a second factor, and is not asked again.

A device is no second factor: a session that it opens has shown none
(``docs/decisions/0012-*.md``).
"""

import secrets
import uuid
from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet

from accounts.conf import switches
from accounts.models import TrustedDevice, User
from accounts.services.client import Client
from core import digests
from core.logging import security_log

SHAPE = r"[0-9a-f]{32}\.[\w-]{43}"
"""Of a token, as a regular expression: the id of the row and a secret."""
SECRET_BYTES = 32

_PURPOSE = "accounts.trusted_devices"


def trust(user: User, *, client: Client, now: datetime) -> str:
    """Returns the token of a new trusted device; "" if the setting turns them off.

    Call it in the transaction that claims the second factor and consumes the challenge.
    """
    lifetime = switches.mfa_trust_lifetime
    if lifetime is None:
        return ""
    device_id, secret = uuid.uuid4(), secrets.token_urlsafe(SECRET_BYTES)
    TrustedDevice.objects.create(
        id=device_id,
        user=user,
        digest=digests.make(_PURPOSE, device_id.hex, secret),
        created_at=now,
        expires_at=now + lifetime,
        ip_address=client.ip,
        user_agent=client.user_agent,
    )
    security_log.record("device_trusted", account=user.pk)
    return f"{device_id.hex}.{secret}"


def find(tokens: Iterable[str], *, user_id: uuid.UUID, now: datetime) -> TrustedDevice | None:
    """The user's device to which one of the tokens belongs."""
    presented = dict(token.split(".") for token in tokens)
    live = list_live(user_id, now=now).filter(pk__in=presented)
    return next((device for device in live if _matches(device, presented)), None)


def list_live(user_id: uuid.UUID, *, now: datetime) -> QuerySet[TrustedDevice]:
    """The latest first."""
    devices = TrustedDevice.objects.filter(user_id=user_id, expires_at__gt=now)
    return devices.order_by("-created_at")


def revoke(*, device_id: uuid.UUID, user_id: uuid.UUID) -> bool:
    """Returns False if the user has no such device."""
    revoked, _ = TrustedDevice.objects.filter(pk=device_id, user_id=user_id).delete()
    return bool(revoked)


def revoke_all(*, user_id: uuid.UUID) -> None:
    TrustedDevice.objects.filter(user_id=user_id).delete()


def revoke_everybody() -> None:
    TrustedDevice.objects.all().delete()


def purge(*, now: datetime) -> None:
    TrustedDevice.objects.filter(expires_at__lte=now).delete()


def _matches(device: TrustedDevice, presented: dict[str, str]) -> bool:
    device_id = device.pk.hex
    return digests.matches(device.digest, _PURPOSE, device_id, presented[device_id])
