"""Accounts: a user sees the connected accounts, and disconnects one.

1. The access token names the user and the session, which must be recent to disconnect.
2. The user's row is locked: of two requests, the second sees what the first has left.
3. The last way to sign in stays. ``accounts.services.ways_in`` counts them.
4. Every other session and challenge ends, and an e-mail tells the owner.
5. In Django admin, an administrator disconnects the account of a user.
"""

import uuid
from datetime import datetime

from django.db import transaction
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import revocation
from accounts.api.authentication import LiveSessionAuthentication, session_of
from accounts.errors import LastWayIn
from accounts.models import Session, User
from accounts.services import ways_in
from accounts.services.sessions import live_sessions, store
from core.error_responses import refused
from social_login import social_accounts
from social_login.api import SocialAccountOutput
from social_login.models import SocialAccount


@extend_schema(tags=["Providers"])
class SocialAccountListView(APIView):
    """The accounts at providers that sign in to this account."""

    authentication_classes = (LiveSessionAuthentication,)

    @extend_schema(responses={200: SocialAccountOutput(many=True), **refused(401)})
    def get(self, request: Request) -> Response:
        found = SocialAccount.objects.filter(user=session_of(request).user).order_by("created_at")
        return Response(SocialAccountOutput(instance=found, many=True).data)


@transaction.atomic
def disconnect(*, session: Session, account_id: uuid.UUID, now: datetime) -> bool:
    """Ends the other sessions, too. Returns False if the user has no such account.

    Raises:
        TokenNotValid: the account changed, or the session has ended.
        LastWayIn: the user could not sign in any more.
    """
    locked = live_sessions.lock_account(session, now=now)
    if not social_accounts.disconnect(locked, account_id):
        return False
    if not ways_in.count(locked):
        # The rollback keeps the account.
        raise LastWayIn
    revocation.revoke_others(locked, kept=session.pk)
    return True


@transaction.atomic
def disconnect_for(user: User, *, account_id: uuid.UUID, by: User) -> None:
    """``by`` is an administrator. Raises ``LastWayIn``."""
    locked = User.objects.lock(user.pk)
    if locked is None or not social_accounts.disconnect(locked, account_id, by=by):
        # The owner was faster.
        return
    if not ways_in.count(locked):
        raise LastWayIn
    revocation.revoke_all(locked)


@extend_schema(tags=["Providers"])
class SocialAccountView(APIView):
    """One of the user's accounts at providers."""

    authentication_classes = (LiveSessionAuthentication,)

    @extend_schema(responses={204: None, **refused(401, 404, 409)})
    def delete(self, request: Request, account_id: uuid.UUID) -> Response:
        """Disconnect this account."""
        session, now = session_of(request), timezone.now()
        store.require_recent(session, now=now)
        if not disconnect(session=session, account_id=account_id, now=now):
            raise Http404
        return Response(status=status.HTTP_204_NO_CONTENT)
