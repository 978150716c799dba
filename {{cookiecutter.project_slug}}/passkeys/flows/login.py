"""Login with a passkey: its signature becomes a session, without an address or a password.

1. The options are the same for every request: they name no account and no passkey.
2. The challenge is consumed, valid or not.
3. The passkey is found by its id. The signature must prove that the authenticator has verified its
   user: with the key itself, that makes two factors.
4. The account is locked until the session is open, so that a passkey that is being deleted opens
   none. ``sign_in.complete_sign_in`` opens it.
"""

import uuid
from collections.abc import Set
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import sign_in
from accounts.api.endpoints import PublicEndpoint
from accounts.api.openapi import DeviceSchema
from accounts.api.requests import client_of, require_json
from accounts.api.responses import SignedInOutput, answer_sign_in
from accounts.models import User
from accounts.services.client import Client
from accounts.services.credentials import MULTI_FACTOR, Credentials
from accounts.sign_in import SignInResult
from core.error_responses import refused
from core.logging import security_log
from passkeys import ceremonies, challenges, store
from passkeys.ceremonies import CeremonyError, Options
from passkeys.challenges import Kind
from passkeys.errors import PasskeyLoginRefused
from passkeys.models import Passkey
from passkeys.serializers import AssertionInput, PasskeyRequestOutput


class PasskeyLoginInput(serializers.Serializer[Any]):
    challenge_id = serializers.UUIDField()
    credential = AssertionInput()


def begin(*, now: datetime) -> tuple[uuid.UUID, Options]:
    challenge_id, challenge = challenges.issue(Kind.SIGN_IN, now=now)
    return challenge_id, ceremonies.request_options(
        challenge=challenge, held=None, verify_user=True
    )


def login(
    *, challenge_id: uuid.UUID, credential: dict[str, Any], client: Client, now: datetime
) -> SignInResult:
    """
    Raises:
        PasskeyLoginRefused: for every reason.
        EmailNotVerified: the passkey is right, but the address must be verified first.
    """
    challenge = challenges.consume(Kind.SIGN_IN, challenge_id=challenge_id, now=now)
    with transaction.atomic():
        user = authenticate(credential, challenge=challenge, now=now)
        credentials = Credentials.of(user, methods=(store.METHOD, MULTI_FACTOR))
        sign_in.require_verified_email(credentials)
        return sign_in.complete_sign_in(credentials, client=client, now=now)


def authenticate(
    credential: dict[str, Any],
    *,
    challenge: bytes | None,
    now: datetime,
    origins: Set[str] | None = None,
) -> User:
    """Verifies the signature, and locks the account until the transaction ends.

    Args:
        origins: see ``ceremonies.verify``.

    Raises:
        PasskeyLoginRefused: for every reason.
    """
    passkey = _lock(credential)
    if challenge is None or passkey is None:
        raise _refusal("unknown_passkey" if challenge else "unknown_challenge")
    try:
        verified = ceremonies.verify(
            credential, passkey=passkey, challenge=challenge, verify_user=True, origins=origins
        )
    except CeremonyError:
        raise _refusal("invalid_passkey", passkey) from None
    # A thief of a security key without a PIN can set one (Level 3, section 4, ``uvInitialized``).
    if not passkey.user_verified:
        raise _refusal("user_never_verified", passkey)
    if not passkey.user.is_active or not store.note_use(passkey, verified, now=now):
        raise _refusal("inactive", passkey)
    return passkey.user


def _lock(credential: dict[str, Any]) -> Passkey | None:
    credential_id = ceremonies.read_id(credential)
    passkeys = Passkey.objects.select_related("user").filter(credential_id=credential_id)
    return passkeys.select_for_update(of=("user",), no_key=True).first()


def _refusal(reason: str, passkey: Passkey | None = None) -> PasskeyLoginRefused:
    account = passkey.user_id if passkey else None
    security_log.record("login_failed", account=account, reason=reason)
    return PasskeyLoginRefused()


@extend_schema(tags=["Passkeys"])
class LoginOptionsView(PublicEndpoint, APIView):
    """Start a sign-in with a passkey."""

    # Sign-in pages ask when they open, to suggest passkeys.
    throttle_scope = "passkey_options"

    @extend_schema(request=None, responses={200: PasskeyRequestOutput, **refused(400)})
    def post(self, request: Request) -> Response:
        require_json(request)
        challenge_id, options = begin(now=timezone.now())
        return Response({"challenge_id": challenge_id, "options": options})


@extend_schema(tags=["Passkeys"])
class LoginView(PublicEndpoint, APIView):
    """Sign in with a passkey, as with two factors."""

    schema = DeviceSchema()
    throttle_scope = "login"

    @extend_schema(request=PasskeyLoginInput, responses={200: SignedInOutput, **refused(400, 401)})
    def post(self, request: Request) -> Response:
        form, now = PasskeyLoginInput(data=request.data), timezone.now()
        form.is_valid(raise_exception=True)
        result = login(**form.validated_data, client=client_of(request), now=now)
        return answer_sign_in(request, result, now=now)
