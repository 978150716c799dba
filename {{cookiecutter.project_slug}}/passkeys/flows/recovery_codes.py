"""New recovery codes: a user with a passkey replaces the recovery codes of the account.

1. The access token names the user and the current session.
2. The options name the passkeys of the account, and contain a challenge for this session.
3. The signature of a passkey confirms the request, as a code of the authenticator app would.
4. The former codes are deleted, and the response has ten new ones, only this once.
"""

from datetime import datetime
from functools import partial
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import second_factor
from accounts.api.authentication import LiveSessionAuthentication, session_of
from accounts.api.endpoints import MfaEndpoint
from accounts.api.requests import client_without_tokens, require_json
from accounts.errors import InvalidCode
from accounts.flows.mfa_recovery_codes import RecoveryCodesOutput, replace_codes
from accounts.models import Session, User
from accounts.services.client import Client
from core.error_responses import refused
from passkeys import challenges, confirmation, store
from passkeys.challenges import Kind
from passkeys.errors import PasskeyNotVerified
from passkeys.serializers import PasskeyConfirmationInput, PasskeyConfirmationOutput


def replace(
    *, session: Session, credential: dict[str, Any], client: Client, now: datetime
) -> list[str]:
    """Raises ``PasskeyNotVerified``, and what ``replace_codes`` raises but ``InvalidCode``."""
    challenge = challenges.consume(Kind.VERIFY, origin_id=session.pk, now=now)

    def confirm(user: User) -> bool:
        claims = [partial(store.claim, user, credential, challenge, now)]
        return second_factor.present(user, claims=claims, client=client, now=now)

    try:
        return replace_codes(session=session, confirm=confirm, client=client, now=now)
    except InvalidCode:
        raise PasskeyNotVerified from None


@extend_schema(tags=["Passkeys"])
class RecoveryCodesOptionsView(MfaEndpoint):
    """Start replacing the recovery codes with a passkey."""

    authentication_classes = (LiveSessionAuthentication,)

    @extend_schema(request=None, responses={200: PasskeyConfirmationOutput, **refused(400, 401)})
    def post(self, request: Request) -> Response:
        require_json(request)
        origin, now = session_of(request), timezone.now()
        options = confirmation.begin(Kind.VERIFY, origin=origin, now=now)
        return Response({"options": options})


@extend_schema(tags=["Passkeys"])
class PasskeyRecoveryCodesView(MfaEndpoint):
    """Replace the recovery codes with ten new ones, with a passkey."""

    authentication_classes = (LiveSessionAuthentication,)

    @extend_schema(
        request=PasskeyConfirmationInput,
        responses={200: RecoveryCodesOutput, **refused(400, 401)},
    )
    def post(self, request: Request) -> Response:
        form = PasskeyConfirmationInput(data=request.data)
        form.is_valid(raise_exception=True)
        codes = replace(
            session=session_of(request),
            credential=form.validated_data["credential"],
            client=client_without_tokens(request),
            now=timezone.now(),
        )
        return Response({"recovery_codes": codes})
