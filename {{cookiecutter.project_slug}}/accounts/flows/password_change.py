"""Password change: a signed-in user sets another password, or the first one.

1. The access token names the user and the current session.
2. The old password is verified. Where none is asked for (``OLD_PASSWORD_FIELD_ENABLED``), and to
   set the first one, the user must have signed in recently.
3. One conditional UPDATE replaces it: of two changes at once, one succeeds.
4. Every session ends (``LOGOUT_ON_PASSWORD_CHANGE``). Links, challenges and a pending change of
   address end in any case.
5. An e-mail tells the owner of the account.
6. The user gets a new session, as old as the former one: a password alone makes no recent sign-in.
   If the MFA mode now asks for a second factor, the user gets a challenge.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import emails, revocation, sign_in
from accounts.api.authentication import LiveSessionAuthentication, session_of
from accounts.api.fields import Fields, NewPasswordInput, PasswordField
from accounts.api.openapi import SignInSchema, sign_in_responses
from accounts.api.requests import client_of
from accounts.api.responses import PasswordChangeOutput, answer_sign_in
from accounts.conf import switches
from accounts.errors import PasswordExists, TokenNotValid
from accounts.models import Session, User
from accounts.services.client import Client
from accounts.services.credentials import Credentials
from accounts.services.passwords import replacement, verification
from accounts.services.sessions import live_sessions, store
from accounts.sign_in import SignInResult
from core.error_responses import refused
from core.logging import security_log

CHANGED = _("Your password has been changed.")
SET = _("Your password has been set.")


class PasswordChangeInput(NewPasswordInput):
    old_password = PasswordField()

    def get_fields(self) -> Fields:
        fields = super().get_fields()
        if not switches.old_password_required:
            del fields["old_password"]
        return fields

    def validate_old_password(self, password: str) -> str:
        if not verification.verify_own_password(password, user=self.context["user"]):
            raise serializers.ValidationError(
                _("The password is incorrect."), code="incorrect_password"
            )
        return password


def change_password(
    *,
    session: Session,
    new_password: str,
    client: Client,
    now: datetime,
    is_first: bool = False,
) -> SignInResult | None:
    """Returns None where the sessions stay open."""
    user = session.user
    # Before the password changes: the token of the device depends on it.
    former = Credentials.of(user, methods=session.methods)
    former = sign_in.recognise(former, client=client, now=now)
    with transaction.atomic():
        if not replacement.replace_password(user=user, new_password=new_password):
            raise PasswordExists if is_first else TokenNotValid
        live_sessions.require(session, now=now)
        # Hashing takes time: a second factor may have been set up since the row was read.
        user.refresh_from_db(fields=User.SECOND_FACTOR)
        _record(session, is_first=is_first)
        emails.tell_owner(emails.password_changed, user, ip=client.ip)
        if not switches.logout_on_password_change:
            revocation.revoke_pending(user)
            return None
        revocation.revoke_all(user)
        # The user has not signed in again: the new session is as old as the former one.
        credentials = Credentials.of(
            user,
            methods=session.methods,
            signed_in_at=session.created_at,
            device_id=former.device_id,
        )
        return sign_in.complete_sign_in(credentials, client=client, now=now, notify_owner=False)


def _record(session: Session, *, is_first: bool) -> None:
    account, current = session.user_id, session.pk
    if is_first:
        security_log.record("password_set", account=account, session=current, way="first")
    else:
        security_log.record("password_changed", account=account, session=current)


class OwnPasswordEndpoint(APIView):
    schema = SignInSchema()
    authentication_classes = (LiveSessionAuthentication,)
    throttle_scope = "password_change"

    def respond(
        self, request: Request, result: SignInResult | None, detail: Any, now: datetime
    ) -> Response:
        if result is None:
            return Response({"detail": detail})
        return answer_sign_in(request, result, now=now, detail=detail)


@extend_schema(tags=["Passwords"])
class PasswordChangeView(OwnPasswordEndpoint):
    """Change the password."""

    @extend_schema(
        request=PasswordChangeInput,
        responses={
            200: sign_in_responses("PasswordChanged", PasswordChangeOutput),
            **refused(400, 401),
        },
    )
    def post(self, request: Request) -> Response:
        session, now = session_of(request), timezone.now()
        if not switches.old_password_required:
            # Otherwise any stolen access token would be enough to take the account.
            store.require_recent(session, now=now)
        form = PasswordChangeInput(data=request.data, context={"user": session.user})
        form.is_valid(raise_exception=True)
        password, client = form.validated_data["new_password1"], client_of(request)
        result = change_password(session=session, new_password=password, client=client, now=now)
        return self.respond(request, result, CHANGED, now)


@extend_schema(tags=["Passwords"])
class PasswordSetView(OwnPasswordEndpoint):
    """Set the first password of an account that has none."""

    @extend_schema(
        request=NewPasswordInput,
        responses={
            200: sign_in_responses("FirstPasswordSet", PasswordChangeOutput),
            **refused(400, 401, 409),
        },
    )
    def post(self, request: Request) -> Response:
        session, now = session_of(request), timezone.now()
        form = NewPasswordInput(data=request.data, context={"user": session.user})
        if session.user.has_usable_password():
            raise PasswordExists
        store.require_recent(session, now=now)
        form.is_valid(raise_exception=True)
        password, client = form.validated_data["new_password1"], client_of(request)
        result = change_password(
            session=session, new_password=password, client=client, now=now, is_first=True
        )
        return self.respond(request, result, SET, now)
