"""Refresh: a refresh token is spent for a fresh pair.

1. The token is read from its cookie (or the body) and its signature and expiry are checked.
2. ``sessions.rotate`` spends it in one conditional UPDATE and reads role and activity again.
3. Spent moments ago, it brings the same successor; spent earlier, it ends the session.
4. A refused refresh leaves the cookie alone: another tab may just have renewed it.
"""

from datetime import datetime

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import sessions, tokens
from accounts.http import (
    PublicEndpoint,
    RefreshInput,
    TokensOutput,
    answer_tokens,
    presented_refresh_token,
)
from accounts.schema import RefreshTokenSchema
from accounts.tokens import Tokens
from core.client import Client, client_of
from core.errors import refused


def refresh(*, token: str, client: Client, now: datetime) -> Tokens:
    """
    Raises:
        TokenNotValid: missing, forged, expired, spent, or its session is over.
    """
    claims = tokens.read_refresh(token)
    grant = sessions.rotate(claims=claims, client=client, now=now)
    return tokens.sign(grant, now=now)


class RefreshView(PublicEndpoint, APIView):
    """Spend the refresh token for a new pair. Refresh one at a time: see the README."""

    schema = RefreshTokenSchema()

    @extend_schema(request=RefreshInput, responses={200: TokensOutput, **refused(400, 401, 403)})
    def post(self, request: Request) -> Response:
        now = timezone.now()
        issued = refresh(token=presented_refresh_token(request), client=client_of(request), now=now)
        return answer_tokens(issued, now=now)
