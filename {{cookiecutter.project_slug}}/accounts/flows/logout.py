"""Logout: one session ends, or all of them.

1. The caller is read from the access token, with the session it belongs to.
2. Logout ends the session of the refresh token that came along, rotated meanwhile or not: the token
   names its session, and another tab may just have renewed it.
3. Logout everywhere ends every session of the caller, and a change of address that one of them may
   have asked for; no refresh token is needed for that.
4. The cookie is cleared. Access tokens that are already out live on until they expire, some minutes
   (``JWT_ALLAUTH_ACCESS_TOKEN_SESSION_CHECK`` ends them too).
"""

import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import revocation
from accounts.api.authentication import LiveSessionAuthentication, session_of
from accounts.api.openapi import RefreshTokenSchema
from accounts.api.requests import RefreshInput, presented_refresh_tokens, refuse_foreign_origin
from accounts.api.responses import DetailOutput, clear_refresh_cookie
from accounts.errors import RefreshTokenNotAccepted, TokenNotValid
from accounts.services.sessions import store, tokens
from accounts.services.sessions.tokens import RefreshToken
from core.errors import refused


def logout(*, presented: Iterable[str], user_id: uuid.UUID) -> None:
    """
    Args:
        presented: refresh tokens. One that is not the caller's keeps nobody signed in.
        user_id: the caller, who may end no session but their own.

    Raises:
        RefreshTokenNotAccepted: no refresh token, a bad one, or somebody else's.
    """
    own = {token.session_id for token in _read(presented) if token.user_id == user_id}
    if not own:
        raise RefreshTokenNotAccepted
    for session_id in own:
        store.revoke(session_id=session_id, user_id=user_id)


def _read(presented: Iterable[str]) -> Iterator[RefreshToken]:
    for token in presented:
        with suppress(TokenNotValid):
            yield tokens.read_refresh(token)


class LogoutView(APIView):
    """Sign out: end the session of the refresh token."""

    schema = RefreshTokenSchema()
    authentication_classes = (LiveSessionAuthentication,)

    @extend_schema(request=RefreshInput, responses={200: DetailOutput, **refused(400, 401, 403)})
    def post(self, request: Request) -> Response:
        logout(presented=presented_refresh_tokens(request), user_id=session_of(request).user_id)
        return clear_refresh_cookie(Response({"detail": "You have been signed out."}))


class LogoutAllView(APIView):
    """Sign out everywhere: end every session of the user, this one included."""

    authentication_classes = (LiveSessionAuthentication,)

    @extend_schema(request=None, responses={200: DetailOutput, **refused(401, 403)})
    def post(self, request: Request) -> Response:
        refuse_foreign_origin(request)
        revocation.revoke_all(session_of(request).user)
        return clear_refresh_cookie(
            Response({"detail": "You have been signed out on every device."})
        )
