"""Verified credentials, on the way from a flow to the sign-in."""

import uuid
from dataclasses import dataclass
from typing import Self

from accounts.models import User


class OutdatedCredentialsError(Exception):
    """What was shown is not the account's any more, or not enough by now, or it was closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """An active person has shown their password, and perhaps a second factor.

    Attributes:
        email: where e-mails about it go.
        password_hash: the one that the password matched; what follows is bound to it.
        has_second_factor: whether the account had one then.
        second_factor_shown: whether it was shown, too.
        device: the id of the known device that it was shown on; "" where nobody has looked yet.
    """

    user_id: uuid.UUID
    email: str
    password_hash: str
    email_verified: bool
    has_second_factor: bool
    second_factor_shown: bool = False
    device: str = ""

    @classmethod
    def of(cls, user: User, *, second_factor_shown: bool = False, device: str = "") -> Self:
        """
        Args:
            user: as it is since the password was checked or set.
        """
        return cls(
            user_id=user.pk,
            email=user.email,
            password_hash=user.password,
            email_verified=user.email_verified,
            has_second_factor=user.has_second_factor,
            second_factor_shown=second_factor_shown,
            device=device,
        )
