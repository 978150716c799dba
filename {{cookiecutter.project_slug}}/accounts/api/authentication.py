"""Authentication by access token, without or with a database query.

DRF imports this module while ``rest_framework.views`` loads, so it must not import that one.
"""

from typing import Any, cast

from django.utils import timezone
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.tokens import Token

from accounts.conf import switches
from accounts.errors import TokenNotValid
from accounts.models import Session, User
from accounts.services.sessions import live_sessions, tokens
from accounts.services.sessions.tokens import AccessToken


class AccessTokenAuthentication(JWTAuthentication):
    """Sets ``request.user`` to a ``User`` and ``request.auth`` to the ``AccessToken``.

    This costs no query: the user has the fields of the token, and reads the others together when
    one of them is asked for. A setting adds a query that checks the session.
    """

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"

    def get_header(self, request: Request) -> bytes:
        return str(request.META.get("HTTP_AUTHORIZATION", "")).encode(errors="replace")

    def get_raw_token(self, header: bytes) -> bytes | None:
        scheme, _, token = header.partition(b" ")
        # The scheme is case-insensitive (RFC 9110, section 11.1).
        return token.strip() if scheme.lower() == b"bearer" else None

    def get_validated_token(self, raw_token: bytes) -> AccessToken:
        return tokens.read_access(raw_token.decode())

    def get_user(self, validated_token: Token) -> Any:
        token = cast(AccessToken, validated_token)
        is_checked = switches.access_token_session_check
        if is_checked and not live_sessions.exists(token, now=timezone.now()):
            raise TokenNotValid
        return User.from_claims(
            id=token.user_id, role=token.role, email_verified=token.email_verified
        )


class LiveSessionAuthentication(AccessTokenAuthentication):
    """Sets ``request.user`` to the ``User``, ``request.auth`` to the ``Session``, in one query."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        raw_token = self.get_raw_token(self.get_header(request))
        if raw_token is None:
            return None
        session = live_sessions.find(self.get_validated_token(raw_token), now=timezone.now())
        if session is None:
            raise TokenNotValid
        return session.user, session


def live_session(request: Request) -> Session:
    """Authenticates in an endpoint that also takes other credentials than the access token."""
    identity = LiveSessionAuthentication().authenticate(request)
    if identity is None:
        raise NotAuthenticated
    return cast(Session, identity[1])


def session_of(request: Request) -> Session:
    """The session, with its user, of a request that ``LiveSessionAuthentication`` accepted."""
    return cast(Session, request.auth)
