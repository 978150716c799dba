"""Passkey enrolment: an authenticator creates a key pair, and the account stores the public key.

1. A sign-in of the last 15 minutes identifies the user; or, where MFA is required, the setup
   challenge that the user got instead of tokens.
2. The options contain a challenge, and the passkeys that the account has already.
3. The browser returns the new public key. The challenge is consumed, valid or not.
4. The passkey is a second factor of the account. If it is the first one, the response has recovery
   codes, and every other session and challenge ends. An e-mail tells the owner.
5. ``sign_in.complete_sign_in`` signs in a user who came with a setup challenge.

The same URL lists the passkeys.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import emails as account_emails
from accounts import sign_in
from accounts.api import enrolment_origin
from accounts.api.authentication import live_session
from accounts.api.endpoints import PublicEndpoint
from accounts.api.enrolment_origin import Origin, SetupInput
from accounts.api.openapi import TokenOrChallengeSchema
from accounts.api.requests import client_of
from accounts.api.responses import SignedInOutput, answer_sign_in
from accounts.models import Session
from accounts.services.client import Client
from accounts.services.mfa import enrolment
from accounts.sign_in import SignInResult
from core.error_responses import refused
from core.logging import security_log
from passkeys import ceremonies, challenges, emails, store
from passkeys.ceremonies import CeremonyError, Options
from passkeys.challenges import Kind
from passkeys.errors import EnrolmentExpired, PasskeyNotAccepted, TooManyPasskeys
from passkeys.models import Passkey
from passkeys.serializers import AttestationInput, NameField, PasskeyCreationOutput, PasskeyOutput


class PasskeyEnrolmentInput(SetupInput):
    challenge_id = serializers.UUIDField()
    credential = AttestationInput()
    name = NameField(required=False, help_text="Default: the platform, such as `iPhone`.")


class PasskeyEnrolledOutput(SignedInOutput, PasskeyOutput):
    """The passkey. Contains tokens after a setup challenge."""

    access = serializers.CharField(required=False)
    refresh = serializers.CharField(required=False)
    device = serializers.CharField(required=False)
    recovery_codes = serializers.ListField(
        child=serializers.CharField(), help_text="Shown only this once. Empty if the user has some."
    )

    class Meta(PasskeyOutput.Meta):
        fields = (*PasskeyOutput.Meta.fields, "access", "refresh", "device", "recovery_codes")


@dataclass(frozen=True, slots=True)
class Enrolled:
    passkey: Passkey
    recovery_codes: list[str]
    sign_in: SignInResult | None
    """The sign-in that a setup challenge completes."""


def begin(*, origin: Origin, now: datetime) -> tuple[uuid.UUID, Options]:
    """Raises ``TooManyPasskeys``."""
    held = store.list_for(origin.user)
    if len(held) >= store.MAX_PER_ACCOUNT:
        raise TooManyPasskeys
    challenge_id, challenge = challenges.issue(Kind.ENROL, origin_id=origin.pk, now=now)
    return challenge_id, ceremonies.creation_options(origin.user, held=held, challenge=challenge)


def enrol(
    *,
    origin: Origin,
    challenge_id: uuid.UUID,
    credential: dict[str, Any],
    name: str,
    client: Client,
    now: datetime,
) -> Enrolled:
    """
    Raises:
        EnrolmentExpired, PasskeyNotAccepted, PasskeyTaken, TooManyPasskeys: see ``errors``.
        InvalidChallenge, TokenNotValid: the origin ended, or the account changed.
    """
    challenge = challenges.consume(
        Kind.ENROL, challenge_id=challenge_id, origin_id=origin.pk, now=now
    )
    if challenge is None:
        raise EnrolmentExpired
    try:
        registered = ceremonies.register(credential, challenge=challenge)
    except CeremonyError:
        raise PasskeyNotAccepted from None
    transports = credential["response"].get("transports", [])
    with transaction.atomic():
        user = enrolment_origin.lock_account(origin)
        recovery_codes = enrolment.begin_second_factor(user, now=now)
        passkey = store.create(user, registered, name=name, transports=transports, now=now)
        enrolment_origin.conclude(origin, method=store.METHOD, is_first=bool(recovery_codes))
        account_emails.tell_owner(emails.passkey_added, user, ip=client.ip)
        security_log.record("passkey_added", account=user.pk, passkey=passkey.pk)
    return Enrolled(passkey, recovery_codes, _complete(origin, client, now))


def _complete(origin: Origin, client: Client, now: datetime) -> SignInResult | None:
    if isinstance(origin, Session):
        return None
    # The e-mail about the passkey also tells the owner of this sign-in.
    return sign_in.complete_sign_in_with_second_factor(
        origin, method=store.METHOD, client=client, now=now, notify_owner=False
    )


@extend_schema(tags=["Passkeys"])
class EnrolmentOptionsView(PublicEndpoint, APIView):
    """Start adding a passkey."""

    schema = TokenOrChallengeSchema()
    throttle_scope = "mfa"

    @extend_schema(
        request=SetupInput, responses={200: PasskeyCreationOutput, **refused(400, 401, 409)}
    )
    def post(self, request: Request) -> Response:
        now = timezone.now()
        origin = enrolment_origin.find(request, SetupInput(data=request.data), now=now)
        challenge_id, options = begin(origin=origin, now=now)
        return Response({"challenge_id": challenge_id, "options": options})


@extend_schema(tags=["Passkeys"])
class PasskeyListView(PublicEndpoint, APIView):
    schema = TokenOrChallengeSchema()

    def get_throttles(self) -> list[Any]:
        self.throttle_scope = "mfa" if self.request.method == "POST" else None
        return super().get_throttles()

    @extend_schema(
        summary="The user's passkeys", responses={200: PasskeyOutput(many=True), **refused(401)}
    )
    def get(self, request: Request) -> Response:
        passkeys = store.list_for(live_session(request).user)
        return Response(PasskeyOutput(passkeys, many=True).data)

    @extend_schema(
        summary="Add the passkey that the browser has created",
        request=PasskeyEnrolmentInput,
        responses={201: PasskeyEnrolledOutput, **refused(400, 401, 409)},
    )
    def post(self, request: Request) -> Response:
        form, now, client = (
            PasskeyEnrolmentInput(data=request.data),
            timezone.now(),
            client_of(request),
        )
        origin = enrolment_origin.find(request, form, now=now)
        enrolled = enrol(
            origin=origin,
            challenge_id=form.validated_data["challenge_id"],
            credential=form.validated_data["credential"],
            name=form.validated_data.get("name") or store.guess_name(client.user_agent),
            client=client,
            now=now,
        )
        body = {
            **PasskeyOutput(enrolled.passkey).data,
            "recovery_codes": enrolled.recovery_codes,
        }
        if enrolled.sign_in is None:
            return Response(body, status=status.HTTP_201_CREATED)
        return answer_sign_in(
            request, enrolled.sign_in, now=now, status=status.HTTP_201_CREATED, **body
        )
