"""Complete: the front end exchanges its one-time code for tokens, or connects an account.

1. The code is consumed. The cookie shows that it is this browser's, or the verifier that it is
   this app's.
2. ``linking.decide`` says again what the user may do: the accounts may have changed.
3. A new user gets an account. An account whose owner never showed the mailbox is emptied first.
4. A known address is linked. An account with a second factor waits until it has been shown.
5. ``sign_in.complete_sign_in`` opens the session, or a challenge.
"""

import uuid
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import revocation, sign_in
from accounts.api.endpoints import PublicEndpoint
from accounts.api.fields import TextField
from accounts.api.openapi import DeviceSchema, sign_in_responses
from accounts.api.requests import client_of
from accounts.api.responses import SignedInOutput, answer_sign_in
from accounts.errors import TokenNotValid
from accounts.models import User
from accounts.services import email_addresses
from accounts.services.client import Client
from accounts.services.credentials import MULTI_FACTOR, Credentials
from accounts.services.mfa import challenges
from accounts.services.mfa.challenges import IssuedChallenge, Kind
from accounts.services.sessions import live_sessions
from accounts.sign_in import SignInResult
from core.error_responses import refused
from core.logging import security_log
from social_login import cookies, social_accounts, steps
from social_login.api import SocialAccountOutput
from social_login.conf import FEDERATED, trusts_second_factor
from social_login.errors import AlreadyConnected, CodeNotValid, EmailTaken
from social_login.linking import Outcome
from social_login.models import CompletedAuthorization, SocialAccount
from social_login.providers.base import Identity
from social_login.social_accounts import Situation


class CompletionInput(serializers.Serializer[Any]):
    code = TextField(max_length=100, help_text="From the address that the callback opened.")
    code_verifier = TextField(
        required=False,
        default="",
        allow_blank=True,
        max_length=128,
        help_text="For apps: the verifier of `code_challenge`.",
    )


def consume_code(
    *, code: str, code_verifier: str, browser: str, now: datetime
) -> CompletedAuthorization:
    """Raises ``CodeNotValid``."""
    try:
        completed = steps.find_completed(code, now=now)
        steps.require_browser(completed, browser)
        steps.require_verifier(completed, code_verifier)
        steps.consume(completed)
    except steps.StepNotValid:
        raise CodeNotValid from None
    return completed


@transaction.atomic
def connect(
    *, user_id: uuid.UUID, session_id: uuid.UUID, identity: Identity, now: datetime
) -> SocialAccount:
    """
    Raises:
        TokenNotValid: the session in which the user started has ended.
        AlreadyConnected: the account at the provider is connected, here or elsewhere.
    """
    user = User.objects.lock(user_id)
    live = live_sessions.query(now).filter(pk=session_id, user_id=user_id)
    if user is None or not live.exists():
        raise TokenNotValid
    account = social_accounts.connect(user, identity, now=now)
    if account is None:
        raise AlreadyConnected
    return account


def complete(identity: Identity, *, client: Client, now: datetime) -> SignInResult:
    """
    Raises:
        APIException: the error of ``linking.decide``.
        EmailTaken, CodeNotValid: another request was faster.
        IncorrectCredentials: the account changed in the meantime.
    """
    try:
        with transaction.atomic():
            situation = social_accounts.assess(identity, now=now, lock=True)
            user, waits = _settle(situation, identity, now)
            # In the transaction: a disconnection waits, and then ends this session.
            return _sign_in(user, situation, identity, client, now, waits=waits)
    except IntegrityError:
        raise EmailTaken from None


def _sign_in(
    user: User,
    situation: Situation,
    identity: Identity,
    client: Client,
    now: datetime,
    *,
    waits: bool,
) -> SignInResult:
    is_known = situation.decision.outcome is Outcome.SIGN_IN
    methods = [FEDERATED]
    # A link waits for our own second factor.
    if is_known and user.has_second_factor and trusts_second_factor(identity):
        methods.append(MULTI_FACTOR)
    credentials = Credentials.of(user, methods=methods)
    if waits:
        # A link lasts: a trusted device does not stand in for the second factor.
        client = replace(client, trust_tokens=())
    result = sign_in.complete_sign_in(credentials, client=client, now=now, notify_owner=is_known)
    if waits:
        _link(user, identity, result, now)
    return result


def _settle(situation: Situation, identity: Identity, now: datetime) -> tuple[User, bool]:
    """Returns the user, and whether the link waits for the end of the sign-in."""
    outcome, account, holder = situation.decision.outcome, situation.account, situation.holder
    if situation.decision.error is not None:
        raise situation.decision.error
    if outcome is Outcome.SIGN_IN and account:
        if not social_accounts.note_use(account, identity, now=now):
            raise CodeNotValid
        return account.user, False
    if outcome is Outcome.LINK and holder and holder.email_verified:
        return holder, True
    if holder is None:
        user = _create(identity)
    else:
        user = _hand_over(holder, identity, is_invited=outcome is Outcome.LINK)
    social_accounts.add(user, identity, now=now)
    return user, False


def _create(identity: Identity) -> User:
    user = User(
        email=identity.email,
        email_verified=True,
        first_name=identity.first_name,
        last_name=identity.last_name,
    )
    user.set_unusable_password()
    user.save(force_insert=True)
    security_log.record("registered", account=user.pk)
    return user


def _hand_over(user: User, identity: Identity, *, is_invited: bool) -> User:
    """Gives an account that was invited or never verified to the owner of its mailbox."""
    if is_invited:
        # Its links end with the former unusable password.
        user.set_unusable_password()
        user.save()
    else:
        user.first_name, user.last_name = identity.first_name, identity.last_name
        revocation.clear_unverified_account(user, reason="provider")
    email_addresses.mark_verified(user)
    security_log.record("address_verified", account=user.pk)
    return user


def _link(user: User, identity: Identity, result: SignInResult, now: datetime) -> None:
    if isinstance(result, IssuedChallenge) and result.kind is Kind.VERIFY:
        challenge = challenges.find(result.kind, result.signed_id, now=now)
        social_accounts.remember_link(challenge, identity)
    else:
        social_accounts.connect(user, identity, now=now)


@extend_schema(tags=["Providers"])
class CompleteView(PublicEndpoint, APIView):
    """Sign in with the one-time code of a callback, or connect an account."""

    schema = DeviceSchema()

    @extend_schema(
        request=CompletionInput,
        responses={
            200: sign_in_responses("SocialSignIn", SignedInOutput),
            201: SocialAccountOutput,
            **refused(400, 401, 403, 409),
        },
    )
    def post(self, request: Request) -> Response:
        form = CompletionInput(data=request.data)
        form.is_valid(raise_exception=True)
        now, client = timezone.now(), client_of(request)
        completed = consume_code(**form.validated_data, browser=cookies.read(request), now=now)
        identity = steps.identity_of(completed)
        user_id, session_id = completed.user_id, completed.session_id
        if user_id and session_id:
            account = connect(user_id=user_id, session_id=session_id, identity=identity, now=now)
            response = Response(SocialAccountOutput(account).data, status=201)
        else:
            result = complete(identity, client=client, now=now)
            response = answer_sign_in(request, result, now=now)
        if completed.browser_digest:
            cookies.delete(response)
        return response
