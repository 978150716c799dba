"""Access and refresh tokens: JWTs (RFC 7519), signed and verified without a query."""

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any, Self, TypeVar, cast

from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import Token

from accounts.conf import switches
from accounts.errors import TokenNotValid
from accounts.services.sessions import signing_keys

MAX_CACHED = 4_096
"""Verified access tokens: about 4 MB in each process."""


@dataclass(frozen=True, slots=True)
class Grant:
    """The state of a session from which its tokens are signed."""

    user_id: uuid.UUID
    session_id: uuid.UUID
    refresh_jti: uuid.UUID
    issued_at: datetime
    expires_at: datetime
    role: str
    email_verified: bool
    methods: Sequence[str]


@dataclass(frozen=True, slots=True)
class Tokens:
    access: str
    refresh: str
    refresh_expires_at: datetime


class SessionToken(Token):
    # Simple JWT requires one. ``issue`` sets the expiry.
    lifetime = timedelta(0)

    @classmethod
    def issue(cls, grant: Grant, *, issued_at: datetime, expires_at: datetime) -> Self:
        token = cls()
        token["sub"], token["sid"] = str(grant.user_id), str(grant.session_id)
        token["iat"], token["exp"] = int(issued_at.timestamp()), int(expires_at.timestamp())
        return token

    def get_token_backend(self) -> signing_keys.KeyedTokenBackend:
        return signing_keys.current_backend()

    def verify(self) -> None:
        super().verify()
        # Our tokens have no audience: such a token is another issuer's (RFC 7519, 4.1.3).
        if "aud" in self:
            raise TokenError("Token has an audience")
        try:
            self.user_id, self.session_id, self.id  # noqa: B018  reading them parses them
        except (KeyError, ValueError) as error:
            raise TokenError("Token has no ids") from error

    @cached_property
    def user_id(self) -> uuid.UUID:
        return uuid.UUID(str(self["sub"]))

    @cached_property
    def session_id(self) -> uuid.UUID:
        return uuid.UUID(str(self["sid"]))

    @cached_property
    def id(self) -> uuid.UUID:
        return uuid.UUID(str(self["jti"]))


class AccessToken(SessionToken):
    token_type = "access"  # noqa: S105  a name, no secret

    @property
    def role(self) -> str:
        return str(self.get("role", ""))

    @property
    def email_verified(self) -> bool:
        # Permissions depend on it, so no other truthy value counts.
        return self.get("email_verified") is True


class RefreshToken(SessionToken):
    token_type = "refresh"  # noqa: S105


T = TypeVar("T", bound=SessionToken)


def sign(grant: Grant, *, now: datetime) -> Tokens:
    """The same grant gives the same refresh token (with ES256, only the same claims)."""
    refresh = RefreshToken.issue(grant, issued_at=grant.issued_at, expires_at=grant.expires_at)
    refresh["jti"] = grant.refresh_jti.hex
    return Tokens(
        access=str(access_token(grant, now=now)),
        refresh=str(refresh),
        refresh_expires_at=grant.expires_at,
    )


def access_token(grant: Grant, *, now: datetime) -> AccessToken:
    expires_at = min(now + switches.access_token_lifetime, grant.expires_at)
    token = AccessToken.issue(grant, issued_at=now, expires_at=expires_at)
    token["role"], token["email_verified"] = grant.role, grant.email_verified
    token["amr"] = list(grant.methods)
    return token


def read_access(token: str) -> AccessToken:
    """Raises ``TokenNotValid`` for a forged or expired token, or one of another type."""
    access = _verified_access(token, signing_keys.in_use())
    if access["exp"] <= time.time() - signing_keys.CLOCK_SKEW.total_seconds():
        raise TokenNotValid
    return access


@lru_cache(maxsize=MAX_CACHED)
def _verified_access(token: str, _keys: signing_keys.InUse) -> AccessToken:
    # Cached: verifying takes an eighth of a request. ``_keys`` makes other keys verify again.
    access = _read(AccessToken, token)
    # Read-only, because requests share it.
    access.payload = cast(dict[str, Any], MappingProxyType(access.payload))
    return access


def read_refresh(token: str) -> RefreshToken:
    """Raises ``TokenNotValid`` for a forged or expired token, or one of another type."""
    return _read(RefreshToken, token)


def _read(kind: type[T], token: str) -> T:
    try:
        # Simple JWT annotates the encoded token as ``Token``.
        return kind(cast(Any, token))
    except (TokenError, ValueError, TypeError, OverflowError, RecursionError):
        raise TokenNotValid from None
