"""Access and refresh tokens: JWTs (RFC 7519), signed and read. No request, no SQL.

An access token is complete in itself: reading one costs no query. A refresh token only names a
session and its place in it; ``rotation`` decides whether it may still rotate.
"""

import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any, TypeVar, cast

from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import Token

from accounts.conf import switches
from accounts.errors import TokenNotValid
from accounts.services.sessions import signing_keys

MAX_CACHED = 4_096
"""Verified access tokens: about 4 MB in each process."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A session as it stands: what its tokens are signed from."""

    user_id: uuid.UUID
    session_id: uuid.UUID
    refresh_jti: uuid.UUID
    issued_at: datetime
    expires_at: datetime
    role: str
    email_verified: bool


@dataclass(frozen=True, slots=True)
class Tokens:
    access: str
    refresh: str
    refresh_expires_at: datetime


class SessionToken(Token):
    """A token of a session: its header names the key (``kid``), its claims the session."""

    # Simple JWT wants one; the expiry comes from the session.
    lifetime = timedelta(0)

    def get_token_backend(self) -> signing_keys.KeyedTokenBackend:
        return signing_keys.verifying(str(self.token)) if self.token else signing_keys.signing()

    def verify(self) -> None:
        """
        Raises:
            TokenError: see Simple JWT's; also where an id is none, or there is an audience.
        """
        super().verify()
        # Ours are for nobody in particular: one with an audience is another's (RFC 7519, 4.1.3).
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
        # A permission depends on it: no other value is as good as true.
        return self.get("email_verified") is True


class RefreshToken(SessionToken):
    token_type = "refresh"  # noqa: S105


def sign(grant: Grant, *, now: datetime) -> Tokens:
    """The tokens of a session; the same grant always gives the same refresh token.

    No token outlives ``grant.expires_at``. (With ES256 a signature is never the same twice: then
    the claims are.)
    """
    return Tokens(
        access=str(access_token(grant, now=now)),
        refresh=str(refresh_token(grant)),
        refresh_expires_at=grant.expires_at,
    )


def access_token(grant: Grant, *, now: datetime) -> AccessToken:
    token = _token(AccessToken(), grant, now)
    expires_at = min(now + switches.access_token_lifetime, grant.expires_at)
    token["role"], token["email_verified"] = grant.role, grant.email_verified
    token["exp"] = int(expires_at.timestamp())
    return token


def refresh_token(grant: Grant) -> RefreshToken:
    token = _token(RefreshToken(), grant, grant.issued_at)
    token["jti"], token["exp"] = grant.refresh_jti.hex, int(grant.expires_at.timestamp())
    return token


T = TypeVar("T", bound=SessionToken)


def _token(token: T, grant: Grant, issued_at: datetime) -> T:
    token["sub"], token["sid"] = str(grant.user_id), str(grant.session_id)
    token["iat"] = int(issued_at.timestamp())
    return token


def read_access(token: str) -> AccessToken:
    """
    Raises:
        TokenNotValid: forged, expired, malformed, or of another type.
    """
    access = _verified_access(token, signing_keys.in_use())
    if access["exp"] <= time.time() - signing_keys.CLOCK_SKEW.total_seconds():
        raise TokenNotValid
    return access


@lru_cache(maxsize=MAX_CACHED)
def _verified_access(token: str, _keys: signing_keys.InUse) -> AccessToken:
    """Cached: a page sends one token many times, and verifying it costs an eighth of a request.

    Memory that holds the signing key may hold tokens as well. Other keys verify again.
    """
    access = _read(AccessToken, token)
    # Requests share it, and none may raise the rights of the next.
    access.payload = cast(dict[str, Any], MappingProxyType(access.payload))
    return access


def read_refresh(token: str) -> RefreshToken:
    """
    Raises:
        TokenNotValid: forged, expired, malformed, or of another type.
    """
    return _read(RefreshToken, token)


def _read(kind: type[T], token: str) -> T:
    try:
        # Simple JWT says Token where it takes the encoded string.
        return kind(cast(Any, token))
    except (TokenError, ValueError, TypeError, OverflowError, RecursionError):
        raise TokenNotValid from None
