"""Verified credentials, which a flow hands to the sign-in."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from accounts.models import User

PASSWORD = "pwd"  # noqa: S105  a name, no secret
CODE = "otp"
MULTI_FACTOR = "mfa"
"""Authentication methods: values of the claim ``amr`` (RFC 8176, section 2)."""


class OutdatedCredentialsError(Exception):
    """The account or its credentials changed since they were verified."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """An active user has verified their password or another credential, and with which methods."""

    user_id: uuid.UUID
    email: str
    password_hash: str
    email_verified: bool
    has_second_factor: bool
    methods: tuple[str, ...]
    """As in ``amr``. ``MULTI_FACTOR`` is among them after a second factor."""
    signed_in_at: datetime | None = None
    """When the user signed in, if the session continues a former one."""
    trusted_device_id: uuid.UUID | None = None
    """Of the trusted device that stands in for the second factor."""
    device_id: str | None = None
    """Of the recognised device; "" for a new one, None if it is not looked up yet."""

    @classmethod
    def of(
        cls,
        user: User,
        *,
        methods: Iterable[str],
        signed_in_at: datetime | None = None,
        device_id: str | None = None,
    ) -> Self:
        return cls(
            user_id=user.pk,
            email=user.email,
            password_hash=user.password,
            email_verified=user.email_verified,
            has_second_factor=user.has_second_factor,
            methods=tuple(methods),
            signed_in_at=signed_in_at,
            device_id=device_id,
        )

    @property
    def second_factor_shown(self) -> bool:
        return MULTI_FACTOR in self.methods
