"""Refresh: a refresh token is exchanged for a new pair of tokens.

1. The token comes from its cookie or the body. Its signature and expiry are checked.
2. ``rotation.rotate`` consumes it in one conditional UPDATE, and reads the user's role again.
3. The client that has just consumed a token gets the same successor again. Any other reuse of a
   token ends the session, and an e-mail tells the owner.
4. A refused refresh does not clear the cookie: another tab may have just renewed it.
"""

import uuid
from datetime import datetime

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import emails
from accounts.api.endpoints import PublicEndpoint
from accounts.api.openapi import RefreshTokenSchema
from accounts.api.requests import RefreshInput, client_of, presented_refresh_token
from accounts.api.responses import TokensOutput, answer_tokens
from accounts.conf import switches
from accounts.errors import RefreshTokenReplayed, TokenNotValid
from accounts.models import User
from accounts.services.client import Client
from accounts.services.sessions import rotation, tokens
from accounts.services.sessions.tokens import Tokens
from core.error_responses import refused


def refresh(*, token: str, client: Client, now: datetime) -> Tokens:
    presented = tokens.read_refresh(token)
    try:
        grant = rotation.rotate(token=presented, client=client, now=now)
    except RefreshTokenReplayed:
        _notify_of_replay(presented.user_id, client)
        raise TokenNotValid from None
    return tokens.sign(grant, now=now)


def _notify_of_replay(user_id: uuid.UUID, client: Client) -> None:
    if switches.replay_emails and (owner := User.objects.filter(pk=user_id).first()):
        emails.tell_owner(emails.refresh_replayed, owner, ip=client.ip)


@extend_schema(tags=["Sign-in"])
class RefreshView(PublicEndpoint, APIView):
    """Exchange the refresh token for a new pair of tokens. Send one refresh at a time."""

    schema = RefreshTokenSchema()
    throttle_scope = "refresh"

    @extend_schema(request=RefreshInput, responses={200: TokensOutput, **refused(400, 401, 403)})
    def post(self, request: Request) -> Response:
        now = timezone.now()
        issued = refresh(token=presented_refresh_token(request), client=client_of(request), now=now)
        return answer_tokens(request, issued, now=now)
