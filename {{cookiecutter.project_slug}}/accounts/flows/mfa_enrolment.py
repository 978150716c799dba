"""Second factor, set up: an authenticator app becomes part of signing in.

1. The person is known by a sign-in of the last 15 minutes; or, where everybody needs a second
   factor, by the setup challenge that they got instead of tokens.
2. Setup draws a secret and shows it as text, address and QR code. It is pending, replaces one that
   is, and ends with the session or the challenge. An active one stays as it is.
3. Activation sees a code: the app has the secret. The recovery codes are shown this once.
4. The other sessions end, sign-ins that are under way as well, and an e-mail goes to the owner.
5. ``sign_in.complete_sign_in`` signs in the user who came with a setup challenge.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import emails, notices, revocation, sign_in
from accounts.api.authentication import live_session
from accounts.api.endpoints import MfaEndpoint, PublicEndpoint
from accounts.api.fields import ChallengeField, CodeField
from accounts.api.openapi import TokenOrChallengeSchema
from accounts.api.requests import client_of
from accounts.api.responses import SignedInOutput, answer_sign_in, uncached
from accounts.errors import InvalidChallenge, InvalidCode, TokenNotValid
from accounts.models import LoginChallenge, Session, User
from accounts.services.client import Client
from accounts.services.mfa import challenges, enrolment, failed_attempts
from accounts.services.mfa.challenges import Kind
from accounts.services.mfa.enrolment import Enrolment, OriginGoneError
from accounts.services.sessions import store
from accounts.sign_in import SignInResult
from core.errors import refused
from core.logging import security_log
from core.switchable import SwitchableAPIView

Origin = Session | LoginChallenge
"""What the person is known by; each has a ``user``."""


class SetupInput(serializers.Serializer[Any]):
    setup_challenge_id = ChallengeField(
        required=False,
        help_text="From the response to the sign-in. It replaces the access token, which is then "
        "ignored. Without it, the access token must be of a sign-in in the last 15 minutes.",
    )


class SetupOutput(serializers.Serializer[Any]):
    secret = serializers.CharField(
        help_text="In Base32, to type where the QR code cannot be scanned."
    )
    provisioning_uri = serializers.CharField(help_text="The content of the QR code: `otpauth://…`.")
    qr_code = serializers.CharField(help_text="The QR code as SVG markup.")


class ActivationInput(SetupInput):
    code = CodeField(help_text="The six digits that the authenticator app shows.")


class ActivationOutput(SignedInOutput):
    """With a setup challenge, tokens come along."""

    access = serializers.CharField(required=False)
    refresh = serializers.CharField(required=False)
    device = serializers.CharField(required=False)
    success = serializers.BooleanField()
    recovery_codes = serializers.ListField(child=serializers.CharField())


def activate(
    *, origin: Origin, code: str, client: Client, now: datetime
) -> tuple[list[str], SignInResult | None]:
    """
    Returns:
        the recovery codes, and what opens a session; None for a person who has one.

    Raises:
        InvalidCode: wrong.
        InvalidChallenge: spent or overtaken in the meantime, or it has had five wrong codes.
        TokenNotValid: the session ended in the meantime.
        MfaAlreadyActive, MfaSetupNotStarted, TooManyFailedMfaAttempts: see there.
    """
    challenge_id = origin.pk if isinstance(origin, LoginChallenge) else None
    with transaction.atomic():
        user = _lock_account(origin)
        failed_attempts.refuse_too_many(user_id=user.pk, challenge_id=challenge_id, now=now)
        recovery_codes = enrolment.activate(user, code=code, now=now)
        if recovery_codes is None:
            failed_attempts.record(user_id=user.pk, challenge_id=challenge_id, now=now)
        else:
            _conclude(origin)
            notices.tell_owner(
                emails.second_factor_on,
                to=user.email,
                verified=user.email_verified,
                parameters={"ip": client.ip},
            )
    if recovery_codes is None:
        security_log.record("second_factor_failed", account=user.pk)
        raise InvalidCode
    security_log.record("second_factor_on", account=user.pk)
    if isinstance(origin, Session):
        return recovery_codes, None
    # The e-mail about the second factor tells of the sign-in, too.
    return recovery_codes, sign_in.complete_sign_in_with_second_factor(
        origin.user, client=client, now=now, owner_knows=True
    )


def set_up(*, origin: Origin, now: datetime) -> Enrolment:
    """
    Raises:
        InvalidChallenge, TokenNotValid: it ended, or the password changed, in the meantime.
        MfaAlreadyActive: the account has a second factor.
    """
    try:
        with transaction.atomic():
            return enrolment.begin(_lock_account(origin), origin=origin, now=now)
    except OriginGoneError:
        raise _outdated(origin) from None


def _lock_account(origin: Origin) -> User:
    user = User.objects.lock_unchanged(origin.user)
    if user is None:
        raise _outdated(origin)
    return user


def _conclude(origin: Origin) -> None:
    """What the person came with counts for more now, or is spent; all else ends."""
    if isinstance(origin, Session):
        counts, kept = store.set_second_factor(origin, with_second_factor=True), origin.pk
    else:
        counts, kept = challenges.consume(origin), None
    if not counts:
        raise _outdated(origin)
    revocation.revoke_others(origin.user, kept=kept)


def _outdated(origin: Origin) -> Exception:
    return TokenNotValid() if isinstance(origin, Session) else InvalidChallenge()


class EnrolmentView(MfaEndpoint, PublicEndpoint, SwitchableAPIView):
    schema = TokenOrChallengeSchema()

    def origin(self, request: Request, setup_challenge_id: str | None, now: datetime) -> Origin:
        """
        Raises:
            InvalidChallenge: there is a setup challenge, and it is not a good one.
            NotAuthenticated, TokenNotValid: there is none, and no good access token either.
            ReauthenticationRequired: the sign-in was too long ago.
        """
        if setup_challenge_id is not None:
            return challenges.find(Kind.SETUP, setup_challenge_id, now=now)
        session = live_session(request)
        store.require_recent(session, now=now)
        return session


class SetupView(EnrolmentView):
    """Start the setup of TOTP."""

    @extend_schema(
        request=SetupInput,
        responses={200: SetupOutput, **refused(400, 401)},
    )
    def post(self, request: Request) -> Response:
        form, now = SetupInput(data=request.data), timezone.now()
        form.is_valid(raise_exception=True)
        origin = self.origin(request, form.validated_data.get("setup_challenge_id"), now)
        enrolment = set_up(origin=origin, now=now)
        return uncached(Response(SetupOutput(enrolment).data))


class ActivationView(EnrolmentView):
    """Finish the setup with a code of the authenticator app."""

    @extend_schema(
        request=ActivationInput,
        responses={200: ActivationOutput, **refused(400, 401)},
    )
    def post(self, request: Request) -> Response:
        form, now = ActivationInput(data=request.data), timezone.now()
        form.is_valid(raise_exception=True)
        origin = self.origin(request, form.validated_data.get("setup_challenge_id"), now)
        recovery_codes, result = activate(
            origin=origin,
            code=form.validated_data["code"],
            client=client_of(request),
            now=now,
        )
        body: dict[str, Any] = {"success": True, "recovery_codes": recovery_codes}
        if result is None:
            return uncached(Response(body))
        return answer_sign_in(result, now=now, **body)
