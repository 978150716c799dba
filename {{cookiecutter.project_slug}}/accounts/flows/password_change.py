"""Password change: a person who is signed in sets another password.

1. The caller is read from the access token, with the session it belongs to.
2. The old password is checked (``OLD_PASSWORD_FIELD_ENABLED``), the new one validated.
3. One conditional UPDATE replaces it: of two changes at once, one wins.
4. Every session ends (``LOGOUT_ON_PASSWORD_CHANGE``), the caller's too; links that are out and an
   address that was asked for are dead in any case.
5. An e-mail tells the owner of the account.
6. The caller, who has just shown that they know the password, gets a fresh session; or a challenge,
   where the old one was opened without the second factor that is asked for now.
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import emails, notices, revocation, sign_in
from accounts.api.authentication import LiveSessionAuthentication, session_of
from accounts.api.fields import Fields, NewPasswordInput, PasswordField
from accounts.api.openapi import sign_in_responses
from accounts.api.requests import client_of
from accounts.api.responses import SignedInOutput, answer_sign_in
from accounts.conf import switches
from accounts.errors import TokenNotValid
from accounts.models import Session
from accounts.services.client import Client
from accounts.services.credentials import Credentials
from accounts.services.passwords import verification
from accounts.sign_in import SignInResult
from core.errors import refused
from core.logging import security_log

CHANGED = "Your password has been changed."


class PasswordChangeInput(NewPasswordInput):
    old_password = PasswordField()

    def get_fields(self) -> Fields:
        fields = super().get_fields()
        if not switches.old_password_required:
            del fields["old_password"]
        return fields

    def validate_old_password(self, password: str) -> str:
        if not verification.verify_own_password(password, user=self.context["user"]):
            raise serializers.ValidationError("The password is incorrect.")
        return password


class PasswordChangeOutput(SignedInOutput):
    """Tokens come along where the sessions have ended (``LOGOUT_ON_PASSWORD_CHANGE``)."""

    detail = serializers.CharField()

    def get_fields(self) -> Fields:
        fields = super().get_fields()
        return fields if switches.logout_on_password_change else {"detail": fields["detail"]}


def change_password(
    *, session: Session, new_password: str, client: Client, now: datetime
) -> SignInResult | None:
    """
    Args:
        session: with its user as it was when the old password was checked.

    Returns:
        what opens a fresh session, None where the old ones go on.

    Raises:
        TokenNotValid: the password changed, or the account was closed, in the meantime.
    """
    user = session.user
    with transaction.atomic():
        if not verification.replace_password(user=user, new_password=new_password):
            raise TokenNotValid
        security_log.record("password_changed", account=user.pk, session=session.pk)
        notices.tell_owner(
            emails.password_changed,
            to=user.email,
            verified=user.email_verified,
            parameters={"ip": client.ip},
        )
        if not switches.logout_on_password_change:
            revocation.revoke_pending(user)
            return None
        revocation.revoke_all(user)
    credentials = Credentials.of(user, second_factor_shown=session.with_second_factor)
    return sign_in.complete_sign_in(credentials, client=client, now=now, owner_knows=True)


class PasswordChangeView(APIView):
    """Change the password."""

    authentication_classes = (LiveSessionAuthentication,)
    throttle_scope = "password_change"

    @extend_schema(
        request=PasswordChangeInput,
        responses={
            200: sign_in_responses("PasswordChanged", PasswordChangeOutput),
            **refused(400, 401),
        },
    )
    def post(self, request: Request) -> Response:
        session, now = session_of(request), timezone.now()
        form = PasswordChangeInput(data=request.data, context={"user": session.user})
        form.is_valid(raise_exception=True)
        result = change_password(
            session=session,
            new_password=form.validated_data["new_password1"],
            client=client_of(request),
            now=now,
        )
        if result is None:
            return Response({"detail": CHANGED})
        return answer_sign_in(result, now=now, detail=CHANGED)
