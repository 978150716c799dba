"""Refresh: a refresh token is spent for a fresh pair.

1. The token is read from its cookie (or the body) and its signature and expiry are checked.
2. ``rotation.rotate`` consumes it in one conditional UPDATE and reads role and activity again.
3. Spent moments ago, it brings the same successor; spent earlier, it ends the session, and an
   e-mail tells the owner.
4. A refused refresh leaves the cookie alone: another tab may just have renewed it.
"""

from datetime import datetime

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import emails, notices
from accounts.api.endpoints import PublicEndpoint
from accounts.api.openapi import RefreshTokenSchema
from accounts.api.requests import RefreshInput, client_of, presented_refresh_token
from accounts.api.responses import TokensOutput, answer_tokens
from accounts.conf import switches
from accounts.errors import RefreshTokenReplayed, TokenNotValid
from accounts.models import User
from accounts.services.client import Client
from accounts.services.sessions import rotation, tokens
from accounts.services.sessions.tokens import RefreshToken, Tokens
from core.errors import refused


def refresh(*, token: str, client: Client, now: datetime) -> Tokens:
    """
    Raises:
        TokenNotValid: missing, forged, expired, spent, or its session is over.
    """
    presented = tokens.read_refresh(token)
    try:
        grant = rotation.rotate(token=presented, client=client, now=now)
    except RefreshTokenReplayed as replay:
        _notify_of_replay(presented, replay.email, client)
        raise TokenNotValid from None
    return tokens.sign(grant, now=now)


def _notify_of_replay(copied: RefreshToken, email: str, client: Client) -> None:
    if not switches.replay_emails:
        return
    notices.tell_owner(
        emails.refresh_replayed,
        to=email,
        verified=User.objects.filter(pk=copied.user_id, email_verified=True).exists(),
        parameters={"ip": client.ip},
    )


class RefreshView(PublicEndpoint, APIView):
    """Exchange the refresh token for a new pair of tokens. Send one refresh at a time."""

    schema = RefreshTokenSchema()
    throttle_scope = "refresh"

    @extend_schema(request=RefreshInput, responses={200: TokensOutput, **refused(400, 401, 403)})
    def post(self, request: Request) -> Response:
        now = timezone.now()
        issued = refresh(token=presented_refresh_token(request), client=client_of(request), now=now)
        return answer_tokens(issued, now=now)
