"""Logout: one session ends, or all of them.

1. The access token names the user and the current session.
2. Logout ends the session that the refresh token names, even if another tab has just rotated it.
3. Logout everywhere ends every session of the user, in Django admin as well. It needs no refresh
   token.
4. An administrator ends every session of a user.
5. The cookie is cleared. An access token works until it expires, unless
   ``JWT_ALLAUTH_ACCESS_TOKEN_SESSION_CHECK`` is on.
"""

import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import revocation
from accounts.api.authentication import LiveSessionAuthentication, session_of
from accounts.api.csrf import refuse_foreign_origin
from accounts.api.openapi import RefreshTokenSchema, TransportSchema
from accounts.api.requests import RefreshInput, presented_refresh_tokens, require_json
from accounts.api.responses import DetailOutput, clear_refresh_cookie
from accounts.errors import RefreshTokenNotAccepted, TokenNotValid
from accounts.models import User
from accounts.services.sessions import store, tokens
from accounts.services.sessions.tokens import RefreshToken
from core.error_responses import refused
from core.logging import security_log


def logout(*, presented: Iterable[str], user_id: uuid.UUID) -> None:
    """Ends the sessions of the presented refresh tokens. Tokens of other users are ignored."""
    own = {token.session_id for token in _read(presented) if token.user_id == user_id}
    if not own:
        raise RefreshTokenNotAccepted
    for session_id in own:
        store.revoke(session_id=session_id, user_id=user_id)


@transaction.atomic
def sign_out(user: User, *, by: User) -> None:
    """``by`` is an administrator."""
    revocation.revoke_all(user)
    security_log.record("signed_out", account=user.pk, by=by)


def _read(presented: Iterable[str]) -> Iterator[RefreshToken]:
    for token in presented:
        with suppress(TokenNotValid):
            yield tokens.read_refresh(token)


@extend_schema(tags=["Sign-in"])
class LogoutView(APIView):
    """Sign out: end the session of the refresh token."""

    schema = RefreshTokenSchema()
    authentication_classes = (LiveSessionAuthentication,)

    @extend_schema(request=RefreshInput, responses={200: DetailOutput, **refused(400, 401, 403)})
    def post(self, request: Request) -> Response:
        logout(presented=presented_refresh_tokens(request), user_id=session_of(request).user_id)
        return clear_refresh_cookie(request, Response({"detail": _("You have been signed out.")}))


@extend_schema(tags=["Sign-in"])
class LogoutAllView(APIView):
    """Sign out everywhere: end every session of the user, this one included."""

    schema = TransportSchema()
    authentication_classes = (LiveSessionAuthentication,)

    @extend_schema(request=None, responses={200: DetailOutput, **refused(400, 401, 403)})
    def post(self, request: Request) -> Response:
        refuse_foreign_origin(request)
        require_json(request)
        revocation.revoke_all(session_of(request).user)
        return clear_refresh_cookie(
            request, Response({"detail": _("You have been signed out on every device.")})
        )
