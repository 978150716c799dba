"""Second factor, shown: a challenge and a code become a session.

1. The challenge is found: signed by us, not expired, and the password it followed is still the one.
2. The account's authenticators are locked, so that its codes are looked at one at a time.
3. Ten wrong codes in 15 minutes lock the account's second factor, and its owner is told; five end a
   challenge.
4. A right code is claimed: no later one of the same time step works, nor a recovery code twice. A
   wrong one is counted.
5. The challenge is spent, and ``sign_in.complete_sign_in`` opens the session.
"""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Protocol

from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import emails, notices, sign_in
from accounts.api.endpoints import MfaEndpoint, PublicEndpoint
from accounts.api.fields import ChallengeField, CodeField
from accounts.api.openapi import DeviceSchema
from accounts.api.requests import client_of
from accounts.api.responses import SignedInOutput, answer_sign_in
from accounts.errors import InvalidChallenge, InvalidCode
from accounts.models import User
from accounts.services.client import Client
from accounts.services.mfa import authenticators, challenges, failed_attempts, recovery_codes, totp
from accounts.services.mfa.authenticators import Held
from accounts.services.mfa.challenges import Kind
from accounts.sign_in import SignInResult
from core.errors import refused
from core.logging import security_log
from core.switchable import SwitchableAPIView


class Claim(Protocol):
    """``claim_totp`` or ``claim_recovery_code`` of ``accounts.services.mfa.authenticators``."""

    def __call__(self, held: Held, *, code: str, now: datetime) -> bool: ...


CHALLENGE = "From the response to the sign-in. Valid for five minutes or five failed attempts."


class VerificationInput(serializers.Serializer[Any]):
    challenge_id = ChallengeField(help_text=CHALLENGE)
    code = CodeField(
        help_text="The six digits that the authenticator app shows. A code works once."
    )


class RecoveryInput(serializers.Serializer[Any]):
    challenge_id = ChallengeField(help_text=CHALLENGE)
    recovery_code = CodeField(
        help_text="One of the ten codes of the activation. A code works once."
    )


def verify(
    *, challenge_id: str, code: str, claim: Claim, client: Client, now: datetime
) -> SignInResult:
    """
    Raises:
        InvalidChallenge: unknown, expired, spent, or it has had five wrong codes.
        InvalidCode: wrong, or used before.
        TooManyFailedMfaAttempts: the account has had ten in 15 minutes.
    """
    challenge = challenges.find(Kind.VERIFY, challenge_id, now=now)
    user = challenge.user
    with transaction.atomic():
        is_right = present(
            user, code=code, claims=[claim], challenge_id=challenge.pk, client=client, now=now
        )
        if is_right and not challenges.consume(challenge):
            # Another request was faster. This one gives the code back.
            raise InvalidChallenge
    if not is_right:
        raise InvalidCode
    return sign_in.complete_sign_in_with_second_factor(user, client=client, now=now)


def present(
    user: User,
    *,
    code: str,
    claims: Iterable[Claim],
    client: Client,
    now: datetime,
    challenge_id: uuid.UUID | None = None,
) -> bool:
    """Whether the code is right, which it is once. A wrong one counts when the transaction ends.

    Args:
        claims: the ways in which it may be right.
        challenge_id: what it is for, None at the sign-in of Django admin.

    Raises:
        InvalidChallenge: the challenge has had five wrong codes.
        TooManyFailedMfaAttempts: the account has had ten in 15 minutes.
    """
    held = authenticators.lock(user.pk)
    if not held:
        # It has just been removed: no code is right, and none tells anything.
        return False
    failed_attempts.refuse_too_many(user_id=user.pk, challenge_id=challenge_id, now=now)
    if any(claim(held, code=code, now=now) for claim in claims):
        return True
    security_log.record("second_factor_failed", account=user.pk)
    if failed_attempts.record(user_id=user.pk, challenge_id=challenge_id, now=now):
        security_log.record("second_factor_locked", account=user.pk, alarming=True)
        notices.tell_owner(
            emails.second_factor_locked,
            to=user.email,
            verified=user.email_verified,
            parameters={"ip": client.ip},
        )
    return False


class VerifyView(MfaEndpoint, PublicEndpoint, SwitchableAPIView):
    """Sign in with the code of an authenticator app."""

    schema = DeviceSchema()

    @extend_schema(request=VerificationInput, responses={200: SignedInOutput, **refused(400)})
    def post(self, request: Request) -> Response:
        form = VerificationInput(data=request.data)
        form.is_valid(raise_exception=True)
        return _answer(request, claim=totp.claim, **form.validated_data)


class VerifyRecoveryView(MfaEndpoint, PublicEndpoint, SwitchableAPIView):
    """Sign in with a recovery code, when the authenticator app is lost."""

    schema = DeviceSchema()

    @extend_schema(request=RecoveryInput, responses={200: SignedInOutput, **refused(400)})
    def post(self, request: Request) -> Response:
        form = RecoveryInput(data=request.data)
        form.is_valid(raise_exception=True)
        code = form.validated_data.pop("recovery_code")
        claim = recovery_codes.claim
        return _answer(request, claim=claim, code=code, **form.validated_data)


def _answer(request: Request, *, challenge_id: str, code: str, claim: Claim) -> Response:
    now = timezone.now()
    result = verify(
        challenge_id=challenge_id, code=code, claim=claim, client=client_of(request), now=now
    )
    return answer_sign_in(result, now=now)
