"""Second factor, set up: an authenticator app becomes part of signing in.

1. The person is known by a sign-in of the last 15 minutes; or, where everybody needs a second
   factor, by the setup challenge that they got instead of tokens.
2. Setup draws a secret and shows it as text, address and QR code. It is pending, replaces one that
   is, and ends with the session or the challenge. An active one stays as it is.
3. Activation sees a code: the app has the secret. The recovery codes are shown this once.
4. The other sessions end, sign-ins that are under way as well, and a letter goes to the owner.
5. Whoever came with a setup challenge has shown all there is to show: ``entry.admit`` lets them in.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import challenges, entry, letters, notices, past, second_factor, sessions, wrong_codes
from accounts.authentication import live_session
from accounts.challenges import Kind
from accounts.client import Client
from accounts.entry import Entry
from accounts.errors import InvalidChallenge, InvalidCode, TokenNotValid
from accounts.http import (
    MfaEndpoint,
    PublicEndpoint,
    SignedInOutput,
    answer_entry,
    client_of,
    uncached,
)
from accounts.inputs import ChallengeField, CodeField
from accounts.models import LoginChallenge, Session, User
from accounts.schema import EitherProofSchema
from accounts.second_factor import Enrolment, OriginGoneError
from core import security_log
from core.errors import refused
from core.switchable import SwitchableAPIView

Standing = Session | LoginChallenge
"""What the person is known by; each has a ``user``."""


class SetupInput(serializers.Serializer[Any]):
    setup_challenge_id = ChallengeField(
        required=False,
        help_text="From the answer to the sign-in; in place of an access token, which is ignored "
        "beside it. The access token has to be of a sign-in of the last 15 minutes.",
    )


class SetupOutput(serializers.Serializer[Any]):
    secret = serializers.CharField(help_text="In Base32, to be typed where nothing can be scanned.")
    provisioning_uri = serializers.CharField(help_text="What the QR code says: `otpauth://…`.")
    qr_code = serializers.CharField(help_text="An SVG image, as markup.")


class ActivationInput(SetupInput):
    code = CodeField(help_text="The six digits that the app shows.")


class ActivationOutput(SignedInOutput):
    """With a setup challenge, tokens come along."""

    access = serializers.CharField(required=False)
    refresh = serializers.CharField(required=False)
    device = serializers.CharField(required=False)
    success = serializers.BooleanField()
    recovery_codes = serializers.ListField(child=serializers.CharField())


def activate(
    *, standing: Standing, code: str, client: Client, now: datetime
) -> tuple[list[str], Entry | None]:
    """
    Returns:
        the recovery codes, and what opens a session; None for whoever has one.

    Raises:
        InvalidCode: wrong.
        InvalidChallenge: spent or overtaken in the meantime, or it has had five wrong codes.
        TokenNotValid: the session ended in the meantime.
        MfaAlreadyActive, MfaSetupNotStarted, TooManyWrongCodes: see there.
    """
    challenge_id = standing.pk if isinstance(standing, LoginChallenge) else None
    with transaction.atomic():
        user = _lock_account(standing)
        wrong_codes.refuse_too_many(user_id=user.pk, challenge_id=challenge_id, now=now)
        recovery_codes = second_factor.activate(user, code=code, now=now)
        if recovery_codes is None:
            wrong_codes.count(user_id=user.pk, challenge_id=challenge_id, now=now)
        else:
            _conclude(standing)
            notices.tell_owner(
                letters.second_factor_on,
                to=user.email,
                verified=user.email_verified,
                parameters={"ip": client.ip},
            )
    if recovery_codes is None:
        security_log.record("second_factor_failed", account=user.pk)
        raise InvalidCode
    security_log.record("second_factor_on", account=user.pk)
    if isinstance(standing, Session):
        return recovery_codes, None
    # The letter about the second factor tells of the sign-in, too.
    return recovery_codes, entry.admit_with_second_factor(
        standing.user, client=client, now=now, owner_knows=True
    )


def set_up(*, standing: Standing, now: datetime) -> Enrolment:
    """
    Raises:
        InvalidChallenge, TokenNotValid: it ended, or the password changed, in the meantime.
        MfaAlreadyActive: the account has a second factor.
    """
    try:
        with transaction.atomic():
            return second_factor.begin(_lock_account(standing), origin=standing, now=now)
    except OriginGoneError:
        raise _overtaken(standing) from None


def _lock_account(standing: Standing) -> User:
    user = second_factor.lock_account(standing.user)
    if user is None:
        raise _overtaken(standing)
    return user


def _conclude(standing: Standing) -> None:
    """What the person came with counts for more now, or is spent; all else ends."""
    if isinstance(standing, Session):
        counts, kept = sessions.mark(standing, with_second_factor=True), standing.pk
    else:
        counts, kept = challenges.spend(standing), None
    if not counts:
        raise _overtaken(standing)
    past.end_others(standing.user, kept=kept)


def _overtaken(standing: Standing) -> Exception:
    return TokenNotValid() if isinstance(standing, Session) else InvalidChallenge()


class EnrolmentView(MfaEndpoint, PublicEndpoint, SwitchableAPIView):
    schema = EitherProofSchema()

    def standing(self, request: Request, setup_challenge_id: str | None, now: datetime) -> Standing:
        """
        Raises:
            InvalidChallenge: there is a setup challenge, and it is not a good one.
            NotAuthenticated, TokenNotValid: there is none, and no good access token either.
            ReauthenticationRequired: the sign-in was too long ago.
        """
        if setup_challenge_id is not None:
            return challenges.find(Kind.SETUP, setup_challenge_id, now=now)
        session = live_session(request)
        sessions.require_recent(session, now=now)
        return session


class SetupView(EnrolmentView):
    """Start to set up a second factor."""

    @extend_schema(
        request=SetupInput,
        responses={200: SetupOutput, **refused(400, 401)},
    )
    def post(self, request: Request) -> Response:
        form, now = SetupInput(data=request.data), timezone.now()
        form.is_valid(raise_exception=True)
        standing = self.standing(request, form.validated_data.get("setup_challenge_id"), now)
        enrolment = set_up(standing=standing, now=now)
        return uncached(Response(SetupOutput(enrolment).data))


class ActivationView(EnrolmentView):
    """Finish it, with a code that the authenticator app shows."""

    @extend_schema(
        request=ActivationInput,
        responses={200: ActivationOutput, **refused(400, 401)},
    )
    def post(self, request: Request) -> Response:
        form, now = ActivationInput(data=request.data), timezone.now()
        form.is_valid(raise_exception=True)
        standing = self.standing(request, form.validated_data.get("setup_challenge_id"), now)
        recovery_codes, entered = activate(
            standing=standing,
            code=form.validated_data["code"],
            client=client_of(request),
            now=now,
        )
        body: dict[str, Any] = {"success": True, "recovery_codes": recovery_codes}
        if entered is None:
            return uncached(Response(body))
        return answer_entry(entered, now=now, **body)
