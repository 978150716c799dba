"""Passkey management: users list, rename and delete their passkeys.

1. The access token names the user and the current session. All but the list needs a sign-in of the
   last 15 minutes.
2. Deleting a passkey ends every other session and challenge: someone else may have it. An e-mail
   tells the owner.
3. With the last second factor, multi-factor authentication is turned off. Where it is required for
   all users, the last factor cannot be deleted.
4. The last way to sign in stays, too.
5. In Django admin, an administrator deletes the passkey of a user, also the last one: the next
   sign-in asks for another factor where one is required.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import emails as account_emails
from accounts import revocation
from accounts.api.authentication import LiveSessionAuthentication, session_of
from accounts.api.requests import client_without_tokens
from accounts.conf import MfaMode, switches
from accounts.errors import LastWayIn, TokenNotValid
from accounts.models import Session, User
from accounts.services import ways_in
from accounts.services.client import Client
from accounts.services.mfa import authenticators
from accounts.services.sessions import live_sessions
from accounts.services.sessions import store as sessions
from core.error_responses import refused
from core.errors import NotFound
from core.logging import security_log
from passkeys import emails, store
from passkeys.errors import LastFactor
from passkeys.models import Passkey
from passkeys.serializers import NameField, PasskeyOutput


class PasskeyNameInput(serializers.Serializer[Any]):
    name = NameField()


def rename(*, session: Session, passkey_id: int, name: str, now: datetime) -> Passkey:
    """Raises ``ReauthenticationRequired``, ``NotFound`` or ``TokenNotValid``."""
    sessions.require_recent(session, now=now)
    with transaction.atomic():
        user = live_sessions.lock_account(session, now=now)
        Passkey.objects.filter(user=user, pk=passkey_id).update(name=name)
    return _find(user, passkey_id)


def delete(*, session: Session, passkey_id: int, client: Client, now: datetime) -> None:
    """
    Raises:
        ReauthenticationRequired, NotFound, LastFactor, LastWayIn: see ``errors``.
        TokenNotValid: the account changed, or the session has ended.
    """
    sessions.require_recent(session, now=now)
    with transaction.atomic():
        user = live_sessions.lock_account(session, now=now)
        is_last = _remove(_find(user, passkey_id), user)
        if is_last:
            _turn_off(user, session)
        revocation.revoke_others(user, kept=session.pk)
        account_emails.tell_owner(emails.passkey_deleted, user, ip=client.ip, is_last=is_last)
        security_log.record(
            "passkey_deleted", account=user.pk, session=session.pk, passkey=passkey_id
        )


@transaction.atomic
def delete_for(user: User, *, passkey_id: int, by: User) -> None:
    """``by`` is an administrator. Raises ``LastWayIn``."""
    locked = User.objects.lock(user.pk)
    passkey = Passkey.objects.filter(user=user, pk=passkey_id).first()
    if locked is None or passkey is None:
        # The owner was faster.
        return
    is_last = _remove(passkey, locked)
    if is_last:
        authenticators.remove_all(locked)
    revocation.revoke_all(locked)
    facts = {"is_last": is_last, "by_administrator": True}
    account_emails.tell_owner(emails.passkey_deleted, locked, **facts)
    security_log.record("passkey_deleted", account=locked.pk, passkey=passkey_id, by=by)


def _remove(passkey: Passkey, user: User) -> bool:
    """Deletes a passkey of a locked account. Returns whether it was the last second factor.

    Raises:
        LastWayIn: the user could not sign in any more.
    """
    authenticators.lock(user.pk)
    passkey.delete()
    if passkey.user_verified and not ways_in.count(user):
        # The rollback keeps it.
        raise LastWayIn
    authenticators.end_admin_sign_ins(user)
    return not store.list_for(user) and not authenticators.has_app(user)


def _find(user: User, passkey_id: int) -> Passkey:
    passkey = Passkey.objects.filter(user=user, pk=passkey_id).first()
    if passkey is None:
        raise NotFound
    return passkey


def _turn_off(user: User, session: Session) -> None:
    if switches.mfa_mode is MfaMode.REQUIRED:
        raise LastFactor
    authenticators.remove_all(user)
    if not sessions.drop_second_factor(session):
        raise TokenNotValid


@extend_schema(tags=["Passkeys"])
class PasskeyView(APIView):
    authentication_classes = (LiveSessionAuthentication,)
    throttle_scope = "mfa"

    @extend_schema(
        summary="Rename a passkey",
        request=PasskeyNameInput,
        responses={200: PasskeyOutput, **refused(400, 401, 404)},
    )
    def patch(self, request: Request, passkey_id: int) -> Response:
        form = PasskeyNameInput(data=request.data)
        form.is_valid(raise_exception=True)
        passkey = rename(
            session=session_of(request),
            passkey_id=passkey_id,
            now=timezone.now(),
            **form.validated_data,
        )
        return Response(PasskeyOutput(passkey).data)

    @extend_schema(summary="Delete a passkey", responses={204: None, **refused(401, 404, 409)})
    def delete(self, request: Request, passkey_id: int) -> Response:
        delete(
            session=session_of(request),
            passkey_id=passkey_id,
            client=client_without_tokens(request),
            now=timezone.now(),
        )
        return Response(status=status.HTTP_204_NO_CONTENT)
