"""Who is asking: an access token becomes ``request.user``, with or without a look at the database.

DRF imports this module while ``rest_framework.views`` loads, so it must not import that one.
"""

import uuid
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request

from accounts import sessions, tokens
from accounts.conf import switches
from accounts.errors import TokenNotValid
from accounts.models import Session, User
from accounts.tokens import AccessClaims


@dataclass(frozen=True, slots=True)
class TokenUser:
    """A person as their access token describes them: ``request.user`` where no row was read."""

    pk: uuid.UUID
    session_id: uuid.UUID
    role: str
    email_verified: bool

    is_authenticated: ClassVar[bool] = True
    is_anonymous: ClassVar[bool] = False
    is_active: ClassVar[bool] = True

    @property
    def id(self) -> uuid.UUID:
        return self.pk


class BearerAuthentication(BaseAuthentication):
    """Reads ``Authorization: Bearer`` (RFC 6750); what the claims stand for, a subclass decides."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        return self.identify(tokens.read_access(token.strip()))

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"

    def identify(self, claims: AccessClaims) -> tuple[Any, Any]:
        raise NotImplementedError


class AccessTokenAuthentication(BearerAuthentication):
    """The default: believes the token, and asks the database only where a setting says so.

    ``request.user`` is a ``TokenUser``, ``request.auth`` the claims.
    """

    def identify(self, claims: AccessClaims) -> tuple[TokenUser, AccessClaims]:
        if switches.access_token_session_check and not sessions.is_live(claims, now=timezone.now()):
            raise TokenNotValid
        user = TokenUser(claims.user_id, claims.session_id, claims.role, claims.email_verified)
        return user, claims


class LiveSessionAuthentication(BearerAuthentication):
    """For what must not happen after a logout: reads user and session, in one query.

    ``request.user`` is the ``User``, ``request.auth`` the ``Session``.
    """

    def identify(self, claims: AccessClaims) -> tuple[User, Session]:
        session = sessions.find_live(claims, now=timezone.now())
        if session is None:
            raise TokenNotValid
        return session.user, session


def live_session(request: Request) -> Session:
    """For a public endpoint that takes an access token where it gets no other proof.

    Raises:
        NotAuthenticated: there is no access token.
        TokenNotValid: it is a bad one, or its session has ended.
    """
    identity = LiveSessionAuthentication().authenticate(request)
    if identity is None:
        raise NotAuthenticated
    return cast(Session, identity[1])


def session_of(request: Request) -> Session:
    """The session behind a request that ``LiveSessionAuthentication`` let in, with its user."""
    return cast(Session, request.auth)
