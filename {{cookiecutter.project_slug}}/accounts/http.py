"""Tokens on the wire: read from requests, put into answers, turned into who is asking.

DRF imports this module while ``rest_framework.views`` loads, so it must not import that one.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, cast

from django.conf import settings
from django.utils import timezone
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import sessions, tokens
from accounts.challenges import IssuedChallenge, Kind
from accounts.conf import MfaMode, switches
from accounts.entry import Entry
from accounts.errors import MfaDisabled, OriginNotAllowed, TokenNotValid
from accounts.models import Session, User
from accounts.tokens import AccessClaims, Tokens

Fields = dict[str, serializers.Field[Any, Any, Any, Any]]

REFRESH_COOKIE = "refresh_token"
REFRESH_COOKIE_PATH = "/api/auth/"


# Who is asking


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


class PublicEndpoint:
    """Ignores an ``Authorization`` header, for a stale token must not stop a login or a reset."""

    authentication_classes: Sequence[Any] = ()
    permission_classes: Sequence[Any] = ()

    def get_authenticate_header(self, request: Request) -> str:
        """DRF would turn a 401 into a 403 without one."""
        return "Bearer"


class MfaEndpoint:
    """For a ``SwitchableAPIView``: it is there where people can have a second factor."""

    refusal: type[Exception] = MfaDisabled

    @staticmethod
    def is_on() -> bool:
        return switches.mfa_mode is not MfaMode.DISABLED


class RolePermission(BasePermission):
    """Made by ``HasRole``."""

    roles: frozenset[str] = frozenset()

    def has_permission(self, request: Request, view: Any) -> bool:
        return getattr(request.user, "role", None) in self.roles


def HasRole(*roles: str) -> type[BasePermission]:  # noqa: N802  it stands where a class does
    """``permission_classes = [HasRole(User.Role.STAFF, User.Role.ADMIN)]``; costs no query.

    The role is the one in the access token: a demotion ends the person's sessions, and reaches the
    views that use this when the access token expires.
    """
    return type("HasRole", (RolePermission,), {"roles": frozenset(roles)})


class IsEmailVerified(BasePermission):
    """The person has shown that their mailbox is theirs; costs no query."""

    message = "Verify your e-mail address first."
    code = "email_not_verified"

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(getattr(request.user, "email_verified", False))


# The refresh token, coming in


class RefreshCarrier(serializers.Serializer[Any]):
    """Something whose ``refresh`` field exists where the refresh token is not in a cookie."""

    def get_fields(self) -> Fields:
        fields = super().get_fields()
        if switches.refresh_token_as_cookie:
            del fields["refresh"]
        return fields


class RefreshInput(RefreshCarrier):
    refresh = serializers.CharField(required=False, allow_blank=True)


def presented_refresh_token(request: Request) -> str:
    """The refresh token from the carrier that the setting names, "" where there is none.

    Raises:
        OriginNotAllowed: it is in a cookie, and the page that sent it is not of an allowed origin.
    """
    refuse_foreign_origin(request)
    form = RefreshInput(data=request.data)
    form.is_valid(raise_exception=True)
    if switches.refresh_token_as_cookie:
        return request.COOKIES.get(REFRESH_COOKIE, "")
    return str(form.validated_data.get("refresh", ""))


def refuse_foreign_origin(request: Request) -> None:
    """A browser sends our cookie along with another site's request, and says whose it is.

    Without an ``Origin`` the client is no browser, and nobody's cookies are at stake.

    Raises:
        OriginNotAllowed: neither the API's own origin nor one in ``CORS_ALLOWED_ORIGINS``.
    """
    origin = request.META.get("HTTP_ORIGIN")
    if switches.refresh_token_as_cookie and origin not in {None, *_own_origins(request)}:
        raise OriginNotAllowed


def _own_origins(request: Request) -> set[str]:
    own = f"{request.scheme}://{request.get_host()}"
    return {own, settings.PUBLIC_URL, *settings.CORS_ALLOWED_ORIGINS}


# Tokens, going out


class TokensOutput(RefreshCarrier):
    """A fresh pair; where cookies carry the refresh token, it is in one of them."""

    access = serializers.CharField(help_text="Send it as `Authorization: Bearer`.")
    refresh = serializers.CharField(help_text="Keep it where no script of another origin reads it.")


class ChallengeOutput(serializers.Serializer[Any]):
    """The password was right; a code is needed as well (`/mfa/verify/`)."""

    mfa_required = serializers.BooleanField()
    challenge_id = serializers.CharField()


class SetupChallengeOutput(serializers.Serializer[Any]):
    """The password was right; a second factor has to be set up first (`/mfa/setup/`)."""

    mfa_setup_required = serializers.BooleanField()
    setup_challenge_id = serializers.CharField()


class DetailOutput(serializers.Serializer[Any]):
    detail = serializers.CharField()


def answer_tokens(issued: Tokens, *, now: datetime, status: int = 200, **also: Any) -> Response:
    """The access token, and the refresh token in its cookie or beside it.

    Args:
        also: what else the answer says.
    """
    if not switches.refresh_token_as_cookie:
        body = {"access": issued.access, "refresh": issued.refresh, **also}
        return uncached(Response(body, status=status))
    response = Response({"access": issued.access, **also}, status=status)
    response.set_cookie(
        REFRESH_COOKIE,
        issued.refresh,
        max_age=issued.refresh_expires_at - now,
        path=REFRESH_COOKIE_PATH,
        secure=not settings.DEBUG,
        httponly=True,
        samesite="Lax",
    )
    return uncached(response)


def answer_challenge(challenge: IssuedChallenge, *, status: int = 200, **also: Any) -> Response:
    """What the client owes: a second factor, or the setup of one."""
    body: dict[str, Any] = {"mfa_required": True, "challenge_id": challenge.signed_id}
    if challenge.kind is Kind.SETUP:
        body = {"mfa_setup_required": True, "setup_challenge_id": challenge.signed_id}
    return uncached(Response({**body, **also}, status=status))


def answer_entry(entered: Entry, *, now: datetime, status: int = 200, **also: Any) -> Response:
    """Whatever came of a proof."""
    if isinstance(entered, IssuedChallenge):
        return answer_challenge(entered, status=status, **also)
    return answer_tokens(entered, now=now, status=status, **also)


def clear_refresh_cookie(response: Response) -> Response:
    if switches.refresh_token_as_cookie:
        response.delete_cookie(REFRESH_COOKIE, path=REFRESH_COOKIE_PATH, samesite="Lax")
    return uncached(response)


def uncached(response: Response) -> Response:
    response["Cache-Control"] = "no-store"
    return response
