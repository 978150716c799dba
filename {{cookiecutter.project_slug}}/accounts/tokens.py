"""Access and refresh tokens: JWTs (RFC 7519), signed and read. No request, no SQL.

An access token is complete in itself: reading one asks nobody. A refresh token only names a session
and its place in it; whether it still counts, ``accounts.sessions`` knows.
"""

import time
import uuid
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

from rest_framework_simplejwt.exceptions import TokenBackendError

from accounts import keys
from accounts.conf import switches
from accounts.errors import TokenNotValid

MAX_REMEMBERED = 4_096
"""Access tokens: about 4 MB in each process."""


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


@dataclass(frozen=True, slots=True)
class AccessClaims:
    user_id: uuid.UUID
    session_id: uuid.UUID
    role: str
    email_verified: bool


@dataclass(frozen=True, slots=True)
class RefreshClaims:
    user_id: uuid.UUID
    session_id: uuid.UUID
    jti: uuid.UUID
    issued_at: int = 0
    """Seconds since 1970."""


def sign(grant: Grant, *, now: datetime) -> Tokens:
    """The tokens of a session; the same grant always gives the same refresh token.

    No token outlives ``grant.expires_at``. (With ES256 a signature is never the same twice: then
    the claims are.)
    """
    signing = keys.signing()
    return Tokens(
        access=signing.encode(_access_claims(grant, now)),
        refresh=signing.encode(_refresh_claims(grant)),
        refresh_expires_at=grant.expires_at,
    )


def _access_claims(grant: Grant, now: datetime) -> dict[str, Any]:
    expires_at = min(now + switches.access_token_lifetime, grant.expires_at)
    return {
        "token_type": "access",
        "sub": str(grant.user_id),
        "sid": str(grant.session_id),
        "role": grant.role,
        "email_verified": grant.email_verified,
        "jti": uuid.uuid4().hex,
        "iat": int(now.timestamp()),
        "exp": int(expires_at.timestamp()),
    }


def _refresh_claims(grant: Grant) -> dict[str, Any]:
    return {
        "token_type": "refresh",
        "sub": str(grant.user_id),
        "sid": str(grant.session_id),
        "jti": grant.refresh_jti.hex,
        "iat": int(grant.issued_at.timestamp()),
        "exp": int(grant.expires_at.timestamp()),
    }


def read_access(token: str) -> AccessClaims:
    """
    Raises:
        TokenNotValid: forged, expired, malformed, or of another type.
    """
    claims, expires_at = _verified_access(token, keys.in_use())
    if expires_at <= time.time() - keys.CLOCK_SKEW.total_seconds():
        raise TokenNotValid
    return claims


@lru_cache(maxsize=MAX_REMEMBERED)
def _verified_access(token: str, _in_use: keys.InUse) -> tuple[AccessClaims, int]:
    """What it says, and when it expires: remembered, for to verify it costs an eighth of a plain
    request, and a page asks many times with the same. With other keys in use it is read anew.

    Memory that holds the signing key may hold tokens as well.
    """
    claims = _read(token, "access")
    access = AccessClaims(
        user_id=claims["sub"],
        session_id=claims["sid"],
        role=str(claims.get("role", "")),
        # A permission hangs on it: nothing else is as good as true.
        email_verified=claims.get("email_verified") is True,
    )
    return access, int(claims["exp"])


def read_refresh(token: str) -> RefreshClaims:
    """
    Raises:
        TokenNotValid: forged, expired, malformed, or of another type.
    """
    claims = _read(token, "refresh")
    return RefreshClaims(
        user_id=claims["sub"],
        session_id=claims["sid"],
        jti=claims["jti"],
        issued_at=int(claims.get("iat", 0)),
    )


def _read(token: str, token_type: str) -> dict[str, Any]:
    """The claims of a token of ours, its ids as UUIDs."""
    try:
        # Simple JWT says Token where it takes the encoded string.
        claims = keys.verifying(token).decode(cast(Any, token))
        # Ours are for nobody in particular: one with an audience is another's (RFC 7519, 4.1.3).
        if claims["token_type"] != token_type or "exp" not in claims or "aud" in claims:
            raise TokenNotValid
        return claims | {name: uuid.UUID(str(claims[name])) for name in ("sub", "sid", "jti")}
    except (TokenBackendError, KeyError, ValueError, TypeError, RecursionError):
        raise TokenNotValid from None
