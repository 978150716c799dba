"""Password set: a user who signs in without a password sets the first one.

1. The access token names the user and the current session, which must be recent.
2. One conditional UPDATE sets the password: of two requests at once, one succeeds.
3. Every session ends (``LOGOUT_ON_PASSWORD_CHANGE``). Links, challenges and a pending change of
   address end in any case.
4. An e-mail tells the owner of the account.
5. The user gets a new session, or a challenge if the MFA mode now asks for a second factor.
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import emails, revocation, sign_in
from accounts.api.authentication import LiveSessionAuthentication, session_of
from accounts.api.fields import NewPasswordInput
from accounts.api.openapi import SignInSchema, sign_in_responses
from accounts.api.requests import client_of
from accounts.api.responses import PasswordChangeOutput, answer_sign_in
from accounts.conf import switches
from accounts.errors import PasswordExists
from accounts.models import Session
from accounts.services.client import Client
from accounts.services.credentials import Credentials
from accounts.services.passwords import verification
from accounts.services.sessions import store
from accounts.sign_in import SignInResult
from core.errors import refused
from core.logging import security_log

SET = _("Your password has been set.")


def set_password(
    *, session: Session, new_password: str, client: Client, now: datetime
) -> SignInResult | None:
    """Returns None where the sessions stay open."""
    user = session.user
    with transaction.atomic():
        if not verification.replace_password(user=user, new_password=new_password):
            raise PasswordExists
        security_log.record("password_set", account=user.pk, session=session.pk, way="first")
        emails.tell_owner(emails.password_changed, user, ip=client.ip)
        if not switches.logout_on_password_change:
            revocation.revoke_pending(user)
            return None
        revocation.revoke_all(user)
    credentials = Credentials.of(user, methods=session.methods)
    return sign_in.complete_sign_in(credentials, client=client, now=now, notify_owner=False)


@extend_schema(tags=["Passwords"])
class PasswordSetView(APIView):
    """Set the first password of an account that has none."""

    schema = SignInSchema()
    authentication_classes = (LiveSessionAuthentication,)
    throttle_scope = "password_change"

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
        result = set_password(session=session, new_password=password, client=client, now=now)
        if result is None:
            return Response({"detail": SET})
        return answer_sign_in(request, result, now=now, detail=SET)
