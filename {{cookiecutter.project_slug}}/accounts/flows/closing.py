"""Closing: users close their account, and can reopen it for a while.

1. A recent sign-in is required, and the second factor where the user has one.
2. The apps of the project may refuse (``on_account_closing``). The last administrator stays.
3. The account becomes inactive, every session ends, and an e-mail has a link that reopens it.
4. The link opens a page with one button. Its POST to the same path activates the account again,
   and signs nobody in.
5. After ``ACCOUNT_CLOSING_GRACE`` seconds a periodic task deletes the account.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import emails, revocation, second_factor
from accounts.api.authentication import LiveSessionAuthentication, session_of
from accounts.api.fields import SecondFactorInput
from accounts.api.openapi import TransportSchema
from accounts.api.requests import client_of
from accounts.api.responses import clear_refresh_cookie
from accounts.errors import InvalidCode, LastAdmin, TokenNotValid
from accounts.models import Session, User
from accounts.pages.responses import show_bad_link, show_secret
from accounts.pages.views import Page
from accounts.services import closed_accounts
from accounts.services.client import Client
from accounts.services.links import bindings, signed_links
from accounts.services.links.signed_links import LinkNotValid, Purpose, SignedLink
from accounts.services.privileges import is_last_active_admin
from accounts.services.sessions import live_sessions, store
from core.error_responses import refused
from core.logging import security_log
from mail import outbox

CLOSED = _("Your account is closed. We have sent you an e-mail with a link that reopens it.")


class ClosingOutput(serializers.Serializer[Any]):
    detail = serializers.CharField()
    closes_at = serializers.DateTimeField(help_text="When the account is deleted.")


def close_own(*, session: Session, code: str, client: Client, now: datetime) -> datetime:
    """
    Raises:
        ReauthenticationRequired, SecondFactorRequired, InvalidCode, TooManyFailedMfaAttempts: the
            user has to sign in again, or to enter a code.
        LastAdmin, ClosingRefused, TokenNotValid: see ``close``. Also if the session has ended.
    """
    store.require_recent(session, now=now)
    with transaction.atomic():
        account = _lock(session.user)
        live_sessions.require(session, now=now)
        if second_factor.accept(session, code=code, client=client, now=now):
            return _close(account, now=now)
    raise InvalidCode


@transaction.atomic
def close(user: User, *, now: datetime, by: User | None = None) -> datetime:
    """Returns when the account is deleted. ``by`` is an administrator.

    Raises:
        LastAdmin: no other active administrator is left.
        ClosingRefused: an app refuses.
        TokenNotValid: the account changed since it was read, or is inactive.
    """
    return _close(_lock(user), now=now, by=by)


def _lock(user: User) -> User:
    # Administrators are locked in one order, before the account itself.
    if user.role == User.Role.ADMIN and is_last_active_admin(user):
        raise LastAdmin
    account = User.objects.lock_unchanged(user)
    if account is None or account.role != user.role:
        raise TokenNotValid
    return account


def _close(account: User, *, now: datetime, by: User | None = None) -> datetime:
    closed_accounts.call_hooks(account)
    closes_at = closed_accounts.begin(account, now=now)
    revocation.revoke_all(account)
    outbox.post(
        emails.account_closing,
        to=account.email,
        parameters={"by_administrator": by is not None},
        bound_to=bindings.bind(email=account.email, password_hash=account.password),
        not_after=closes_at,
    )
    security_log.record("account_closing", account=account.pk, by=by)
    return closes_at


@transaction.atomic
def reopen(user: User, *, by: User | None = None) -> bool:
    """Returns False if the account is not closing any more."""
    if not closed_accounts.reopen(user):
        return False
    security_log.record("account_reopened", account=user.pk, by=by)
    return True


@extend_schema(tags=["Account"])
class ClosingView(APIView):
    """Close the account."""

    schema = TransportSchema()
    authentication_classes = (LiveSessionAuthentication,)
    throttle_scope = "account_closing"

    @extend_schema(
        request=SecondFactorInput, responses={202: ClosingOutput, **refused(400, 401, 409)}
    )
    def post(self, request: Request) -> Response:
        form = SecondFactorInput(data=request.data)
        form.is_valid(raise_exception=True)
        closes_at = close_own(
            session=session_of(request),
            **form.validated_data,
            client=client_of(request),
            now=timezone.now(),
        )
        output = ClosingOutput({"detail": CLOSED, "closes_at": closes_at})
        response = Response(output.data, status=status.HTTP_202_ACCEPTED)
        return clear_refresh_cookie(request, response)


class ReopeningView(Page):
    http_method_names = ("get", "head", "post")

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        try:
            link = _read(token)
        except LinkNotValid:
            return show_bad_link(request, "reopening")
        context = {"email": link.user.email, "closes_at": timezone.localdate(link.expires_at)}
        return show_secret(request, "pages/reopen_account.html", context)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        try:
            is_reopened = reopen(_read(token).user)
        except LinkNotValid:
            is_reopened = False
        if not is_reopened:
            return show_bad_link(request, "reopening")
        return show_secret(request, "pages/account_reopened.html")


def _read(token: str) -> SignedLink:
    return signed_links.read(Purpose.REOPENING, token, now=timezone.now())
