"""MFA enrolment: an authenticator app becomes the account's second factor.

1. A sign-in of the last 15 minutes identifies the user; or, where MFA is required, the setup
   challenge that the user got instead of tokens.
2. Setup returns a new secret as text, URI and QR code. It is pending, and ends with the session or
   the challenge. An active second factor does not change.
3. Activation verifies a code of the app.
4. If this is the account's first second factor, the response has recovery codes, and every other
   session and challenge ends. An e-mail tells the owner.
5. ``sign_in.complete_sign_in`` signs in a user who came with a setup challenge.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import emails, sign_in
from accounts.api import enrolment_origin
from accounts.api.endpoints import MfaEndpoint, PublicEndpoint
from accounts.api.enrolment_origin import Origin, SetupInput
from accounts.api.fields import CodeField
from accounts.api.openapi import TokenOrChallengeSchema
from accounts.api.requests import client_of
from accounts.api.responses import SignedInOutput, TrueField, answer_sign_in
from accounts.errors import InvalidCode
from accounts.models import LoginChallenge, Session
from accounts.services.client import Client
from accounts.services.credentials import CODE
from accounts.services.mfa import enrolment, failed_attempts
from accounts.services.mfa.enrolment import Enrolment, OriginGoneError
from accounts.sign_in import SignInResult
from core.error_responses import refused
from core.logging import security_log


class SetupOutput(serializers.Serializer[Any]):
    secret = serializers.CharField(
        help_text="In Base32, to type where the QR code cannot be scanned."
    )
    provisioning_uri = serializers.CharField(help_text="The content of the QR code: `otpauth://…`.")
    qr_code = serializers.CharField(help_text="The QR code as SVG markup.")


class ActivationInput(SetupInput):
    code = CodeField(help_text="The six digits that the authenticator app shows.")


class ActivationOutput(SignedInOutput):
    """Contains tokens after a setup challenge."""

    access = serializers.CharField(required=False)
    refresh = serializers.CharField(required=False)
    device = serializers.CharField(required=False)
    success = TrueField()
    recovery_codes = serializers.ListField(
        child=serializers.CharField(), help_text="Shown only this once. Empty if the user has some."
    )


def set_up(*, origin: Origin, now: datetime) -> Enrolment:
    """
    Raises:
        InvalidChallenge, TokenNotValid: the origin ended, or the password changed.
    """
    try:
        with transaction.atomic():
            return enrolment.begin(enrolment_origin.lock_account(origin), origin=origin, now=now)
    except OriginGoneError:
        raise enrolment_origin.outdated(origin) from None


def activate(
    *, origin: Origin, code: str, client: Client, now: datetime
) -> tuple[list[str], SignInResult | None]:
    """Returns new recovery codes, if any, and the sign-in that a setup challenge completes."""
    challenge_id = origin.pk if isinstance(origin, LoginChallenge) else None
    with transaction.atomic():
        user = enrolment_origin.lock_account(origin)
        failed_attempts.refuse_too_many(user_id=user.pk, challenge_id=challenge_id, now=now)
        recovery_codes = enrolment.activate(user, code=code, now=now)
        if recovery_codes is None:
            failed_attempts.record(user_id=user.pk, challenge_id=challenge_id, now=now)
            security_log.record("second_factor_failed", account=user.pk)
        else:
            enrolment_origin.conclude(origin, method=CODE, is_first=bool(recovery_codes))
            emails.tell_owner(emails.second_factor_on, user, ip=client.ip)
            security_log.record("second_factor_on", account=user.pk)
    if recovery_codes is None:
        raise InvalidCode
    if isinstance(origin, Session):
        return recovery_codes, None
    # The e-mail about the second factor also tells the owner of this sign-in.
    return recovery_codes, sign_in.complete_sign_in_with_second_factor(
        origin, method=CODE, client=client, now=now, notify_owner=False
    )


class EnrolmentView(PublicEndpoint, MfaEndpoint):
    schema = TokenOrChallengeSchema()


@extend_schema(tags=["MFA"])
class SetupView(EnrolmentView):
    """Start the setup of TOTP."""

    @extend_schema(request=SetupInput, responses={200: SetupOutput, **refused(400, 401)})
    def post(self, request: Request) -> Response:
        form, now = SetupInput(data=request.data), timezone.now()
        origin = enrolment_origin.find(request, form, now=now)
        return Response(SetupOutput(set_up(origin=origin, now=now)).data)


@extend_schema(tags=["MFA"])
class ActivationView(EnrolmentView):
    """Finish the setup with a code of the authenticator app."""

    @extend_schema(request=ActivationInput, responses={200: ActivationOutput, **refused(400, 401)})
    def post(self, request: Request) -> Response:
        form, now = ActivationInput(data=request.data), timezone.now()
        origin = enrolment_origin.find(request, form, now=now)
        code, client = form.validated_data["code"], client_of(request)
        recovery_codes, result = activate(origin=origin, code=code, client=client, now=now)
        body: dict[str, Any] = {"success": True, "recovery_codes": recovery_codes}
        if result is None:
            return Response(body)
        return answer_sign_in(request, result, now=now, **body)
