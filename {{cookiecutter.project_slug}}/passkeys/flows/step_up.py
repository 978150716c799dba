"""Step-up: a signed-in user shows a passkey, and the session counts as one with two factors.

For requests that need the second factor (``accounts.second_factor.accept``), such as closing or
exporting the account, in a session that has shown none.

1. The access token names the user and the current session.
2. The options name the passkeys of the account, and contain a challenge for this session and this
   purpose, which is consumed, valid or not.
3. A signature that is not valid counts as a failed attempt, as an incorrect code does.
4. The passkey is added to the authentication methods of the session. Nothing else changes: the
   sign-in is no more recent than before.
"""

from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import second_factor
from accounts.api.authentication import LiveSessionAuthentication, session_of
from accounts.api.endpoints import MfaEndpoint
from accounts.api.requests import client_without_tokens, require_json
from accounts.api.responses import TrueField
from accounts.errors import TokenNotValid
from accounts.models import Session, User
from accounts.services.client import Client
from accounts.services.sessions import store as sessions
from core.error_responses import refused
from core.logging import security_log
from passkeys import challenges, confirmation, store
from passkeys.challenges import Kind
from passkeys.errors import PasskeyNotVerified
from passkeys.serializers import PasskeyConfirmationInput, PasskeyConfirmationOutput


def step_up(*, session: Session, credential: dict[str, Any], client: Client, now: datetime) -> None:
    """
    Raises:
        PasskeyNotVerified: the signature is not valid.
        TooManyFailedMfaAttempts: the second factor of the account is locked.
        TokenNotValid: the account changed, or the session has ended.
    """
    challenge = challenges.consume(Kind.STEP_UP, origin_id=session.pk, now=now)
    with transaction.atomic():
        user = User.objects.lock_unchanged(session.user)
        if user is None:
            raise TokenNotValid
        claims = [partial(store.claim, user, credential, challenge, now)]
        is_correct = second_factor.present(user, claims=claims, client=client, now=now)
        if is_correct:
            _note(session)
    if not is_correct:
        raise PasskeyNotVerified


def _note(session: Session) -> None:
    if not sessions.add_second_factor(session, store.METHOD):
        raise TokenNotValid
    security_log.record("second_factor_shown", account=session.user_id, session=session.pk)


@extend_schema(tags=["Passkeys"])
class StepUpOptionsView(MfaEndpoint):
    """Start showing a passkey in this session."""

    authentication_classes = (LiveSessionAuthentication,)

    @extend_schema(request=None, responses={200: PasskeyConfirmationOutput, **refused(400, 401)})
    def post(self, request: Request) -> Response:
        require_json(request)
        origin, now = session_of(request), timezone.now()
        options = confirmation.begin(Kind.STEP_UP, origin=origin, now=now)
        return Response({"options": options})


@extend_schema(tags=["Passkeys"])
class StepUpView(MfaEndpoint):
    """Show a passkey, so that this session counts as one with two factors."""

    authentication_classes = (LiveSessionAuthentication,)

    @extend_schema(
        request=PasskeyConfirmationInput,
        responses={
            200: inline_serializer("SteppedUp", {"success": TrueField()}),
            **refused(400, 401),
        },
    )
    def post(self, request: Request) -> Response:
        form = PasskeyConfirmationInput(data=request.data)
        form.is_valid(raise_exception=True)
        step_up(
            session=session_of(request),
            credential=form.validated_data["credential"],
            client=client_without_tokens(request),
            now=timezone.now(),
        )
        return Response({"success": True})
