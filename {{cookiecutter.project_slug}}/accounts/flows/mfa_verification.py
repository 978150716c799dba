"""MFA verification: a challenge and a code become a session.

1. The challenge is read: its signature, its expiry, and the password hash that it is bound to.
2. The account's authenticators are locked, so that its codes are verified one at a time.
3. A correct code is claimed: neither it nor an earlier TOTP code works again.
4. An incorrect code is counted. Five end the challenge. Ten in 15 minutes lock the account's second
   factor for 15 minutes, and an e-mail tells the owner.
5. The challenge is consumed. With ``trust_device``, the device becomes a trusted one.
6. ``sign_in.complete_sign_in`` opens the session.
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
from accounts.api.fields import ChallengeField, CodeField, TrustDeviceField
from accounts.api.openapi import DeviceSchema
from accounts.api.requests import client_of
from accounts.api.responses import SignedInOutput, VerifiedOutput, answer_sign_in
from accounts.errors import InvalidChallenge, InvalidCode
from accounts.second_factor import Claim
from accounts.services.client import Client
from accounts.services.credentials import CODE
from accounts.services.mfa import challenges, recovery_codes, totp, trusted_devices
from accounts.services.mfa.challenges import Kind
from accounts.sign_in import SignInResult
from core.error_responses import refused

CHALLENGE_HELP = "From the response to the sign-in. Valid for five minutes or five failed attempts."


class VerificationInput(serializers.Serializer[Any]):
    challenge_id = ChallengeField(help_text=CHALLENGE_HELP)
    code = CodeField(
        help_text="The six digits that the authenticator app shows. A code works once."
    )
    trust_device = TrustDeviceField()


class RecoveryInput(serializers.Serializer[Any]):
    challenge_id = ChallengeField(help_text=CHALLENGE_HELP)
    recovery_code = CodeField(
        source="code", help_text="One of the ten codes of the activation. A code works once."
    )


def verify(
    *,
    challenge_id: str,
    code: str,
    claim: Claim,
    client: Client,
    now: datetime,
    trust_device: bool = False,
) -> SignInResult:
    challenge = challenges.find(Kind.VERIFY, challenge_id, now=now)
    user, trust_token = challenge.user, ""
    with transaction.atomic():
        claims = [partial(claim, code=code, now=now)]
        is_correct = second_factor.present(
            user, claims=claims, challenge_id=challenge.pk, client=client, now=now
        )
        if is_correct and not challenges.consume(challenge):
            # Another request was faster. The rollback makes the code valid again.
            raise InvalidChallenge
        if is_correct and trust_device:
            trust_token = trusted_devices.trust(user, client=client, now=now)
    if not is_correct:
        raise InvalidCode
    return sign_in.complete_sign_in_with_second_factor(
        challenge, method=CODE, client=client, now=now, trust_token=trust_token
    )


@extend_schema(tags=["MFA"])
class VerifyView(PublicEndpoint, MfaEndpoint):
    """Sign in with the code of an authenticator app."""

    schema = DeviceSchema()

    @extend_schema(request=VerificationInput, responses={200: VerifiedOutput, **refused(400)})
    def post(self, request: Request) -> Response:
        return _verify(request, VerificationInput(data=request.data), totp.claim)


@extend_schema(tags=["MFA"])
class VerifyRecoveryView(PublicEndpoint, MfaEndpoint):
    """Sign in with a recovery code, when the authenticator app is lost."""

    schema = DeviceSchema()

    @extend_schema(request=RecoveryInput, responses={200: SignedInOutput, **refused(400)})
    def post(self, request: Request) -> Response:
        return _verify(request, RecoveryInput(data=request.data), recovery_codes.claim)


def _verify(request: Request, form: serializers.Serializer[Any], claim: Claim) -> Response:
    form.is_valid(raise_exception=True)
    now = timezone.now()
    result = verify(**form.validated_data, claim=claim, client=client_of(request), now=now)
    return answer_sign_in(request, result, now=now)
