"""MFA verification with a passkey: a challenge and a signature become a session.

1. The login challenge of a verified password is read, as for a code.
2. The options name the passkeys of the account. They contain a challenge of their own, which is
   consumed, valid or not.
3. A signature that is not valid counts as a failed attempt, as an incorrect code does.
4. The login challenge is consumed, and ``sign_in.complete_sign_in`` opens the session.
"""

from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import second_factor, sign_in
from accounts.api.endpoints import MfaEndpoint, PublicEndpoint
from accounts.api.fields import ChallengeField, TrustDeviceField
from accounts.api.openapi import DeviceSchema
from accounts.api.requests import client_of
from accounts.api.responses import VerifiedOutput, answer_sign_in
from accounts.errors import InvalidChallenge
from accounts.flows.mfa_verification import CHALLENGE_HELP
from accounts.models import LoginChallenge, User
from accounts.services.client import Client
from accounts.services.mfa import challenges as login_challenges
from accounts.services.mfa import trusted_devices
from accounts.services.mfa.challenges import Kind as LoginKind
from accounts.sign_in import SignInResult
from core.error_responses import refused
from passkeys import challenges, confirmation, store
from passkeys.challenges import Kind
from passkeys.errors import PasskeyNotVerified
from passkeys.serializers import AssertionInput, PasskeyVerificationOutput


class PasskeyVerificationOptionsInput(serializers.Serializer[Any]):
    challenge_id = ChallengeField(help_text=CHALLENGE_HELP)


class PasskeyVerificationInput(PasskeyVerificationOptionsInput):
    credential = AssertionInput()
    trust_device = TrustDeviceField()


def verify(
    *,
    challenge_id: str,
    credential: dict[str, Any],
    client: Client,
    now: datetime,
    trust_device: bool = False,
) -> SignInResult:
    """
    Raises:
        InvalidChallenge: the login challenge is not valid, or the account changed.
        PasskeyNotVerified: the signature is not valid.
        TooManyFailedMfaAttempts: the second factor of the account is locked.
    """
    login_challenge = login_challenges.find(LoginKind.VERIFY, challenge_id, now=now)
    challenge = challenges.consume(Kind.VERIFY, origin_id=login_challenge.pk, now=now)
    with transaction.atomic():
        user = User.objects.lock_unchanged(login_challenge.user)
        if user is None:
            raise InvalidChallenge
        is_correct = second_factor.present(
            user,
            claims=[partial(store.claim, user, credential, challenge, now)],
            challenge_id=login_challenge.pk,
            client=client,
            now=now,
        )
        if is_correct:
            return _complete(login_challenge, client, now, trust_device=trust_device)
    raise PasskeyNotVerified


def _complete(
    challenge: LoginChallenge, client: Client, now: datetime, *, trust_device: bool
) -> SignInResult:
    if not login_challenges.consume(challenge):
        raise InvalidChallenge
    user = challenge.user
    trust_token = trusted_devices.trust(user, client=client, now=now) if trust_device else ""
    return sign_in.complete_sign_in_with_second_factor(
        challenge, method=store.METHOD, client=client, now=now, trust_token=trust_token
    )


@extend_schema(tags=["Passkeys"])
class VerificationOptionsView(PublicEndpoint, MfaEndpoint):
    """Start verifying a passkey as the second factor."""

    @extend_schema(
        request=PasskeyVerificationOptionsInput,
        responses={200: PasskeyVerificationOutput, **refused(400)},
    )
    def post(self, request: Request) -> Response:
        form = PasskeyVerificationOptionsInput(data=request.data)
        form.is_valid(raise_exception=True)
        challenge_id, now = form.validated_data["challenge_id"], timezone.now()
        origin = login_challenges.find(LoginKind.VERIFY, challenge_id, now=now)
        options = confirmation.begin(Kind.VERIFY, origin=origin, now=now)
        return Response({"challenge_id": challenge_id, "options": options})


@extend_schema(tags=["Passkeys"])
class VerificationView(PublicEndpoint, MfaEndpoint):
    """Sign in with a passkey as the second factor."""

    schema = DeviceSchema()

    @extend_schema(
        request=PasskeyVerificationInput, responses={200: VerifiedOutput, **refused(400)}
    )
    def post(self, request: Request) -> Response:
        form, now = PasskeyVerificationInput(data=request.data), timezone.now()
        form.is_valid(raise_exception=True)
        result = verify(**form.validated_data, client=client_of(request), now=now)
        return answer_sign_in(request, result, now=now)
