"""Verified credentials, which a flow hands to the sign-in."""

import uuid
from dataclasses import dataclass
from typing import Self

from accounts.models import User


class OutdatedCredentialsError(Exception):
    """The account or its credentials changed since they were verified."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """An active user has verified their password, and perhaps a second factor."""

    user_id: uuid.UUID
    email: str
    password_hash: str
    email_verified: bool
    has_second_factor: bool
    second_factor_shown: bool = False
    device: str = ""
    """The id of the recognised device; "" if it is not recognised, or not looked up yet."""

    @classmethod
    def of(cls, user: User, *, second_factor_shown: bool = False, device: str = "") -> Self:
        return cls(
            user_id=user.pk,
            email=user.email,
            password_hash=user.password,
            email_verified=user.email_verified,
            has_second_factor=user.has_second_factor,
            second_factor_shown=second_factor_shown,
            device=device,
        )
