"""Password change: a person who is signed in sets another password.

1. The caller is read from the access token, with the session it belongs to.
2. The old password is checked (``OLD_PASSWORD_FIELD_ENABLED``), the new one validated.
3. One conditional UPDATE replaces it: of two changes at once, one wins.
4. Every session ends (``LOGOUT_ON_PASSWORD_CHANGE``), the caller's too; links that are out and an
   address that was asked for are dead in any case.
5. A letter tells the owner of the account.
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

from accounts import entry, letters, notices, passwords, past
from accounts.authentication import LiveSessionAuthentication, session_of
from accounts.client import Client
from accounts.conf import switches
from accounts.entry import Entry
from accounts.errors import TokenNotValid
from accounts.http import Fields, SignedInOutput, answer_entry, client_of
from accounts.inputs import NewPasswordInput, PasswordField
from accounts.models import Session
from accounts.proof import Proof
from accounts.schema import entered
from core import security_log
from core.errors import refused

CHANGED = "Your password has been changed."


class PasswordChangeInput(NewPasswordInput):
    old_password = PasswordField()

    def get_fields(self) -> Fields:
        fields = super().get_fields()
        if not switches.old_password_required:
            del fields["old_password"]
        return fields

    def validate_old_password(self, password: str) -> str:
        if not passwords.verify_own(password, user=self.context["user"]):
            raise serializers.ValidationError("This is not your password.")
        return password


class PasswordChangeOutput(SignedInOutput):
    """Tokens come along where the sessions have ended (``LOGOUT_ON_PASSWORD_CHANGE``)."""

    detail = serializers.CharField()

    def get_fields(self) -> Fields:
        fields = super().get_fields()
        return fields if switches.logout_on_password_change else {"detail": fields["detail"]}


def change_password(
    *, session: Session, new_password: str, client: Client, now: datetime
) -> Entry | None:
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
        if not passwords.replace(user=user, new_password=new_password):
            raise TokenNotValid
        security_log.record("password_changed", account=user.pk, session=session.pk)
        notices.tell_owner(
            letters.password_changed,
            to=user.email,
            verified=user.email_verified,
            parameters={"ip": client.ip},
        )
        if not switches.logout_on_password_change:
            past.end_what_is_under_way(user)
            return None
        past.end(user)
    proof = Proof.of(user, second_factor_shown=session.with_second_factor)
    return entry.admit(proof, client=client, now=now, owner_knows=True)


class PasswordChangeView(APIView):
    """Set another password."""

    authentication_classes = (LiveSessionAuthentication,)
    throttle_scope = "password_change"

    @extend_schema(
        request=PasswordChangeInput,
        responses={200: entered("PasswordChanged", PasswordChangeOutput), **refused(400, 401)},
    )
    def post(self, request: Request) -> Response:
        session, now = session_of(request), timezone.now()
        form = PasswordChangeInput(data=request.data, context={"user": session.user})
        form.is_valid(raise_exception=True)
        entered = change_password(
            session=session,
            new_password=form.validated_data["new_password1"],
            client=client_of(request),
            now=now,
        )
        if entered is None:
            return Response({"detail": CHANGED})
        return answer_entry(entered, now=now, detail=CHANGED)
