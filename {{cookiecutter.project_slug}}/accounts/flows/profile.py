"""Profile: users read and change their names and address.

1. The access token names the user and the current session, which one query reads.
2. GET answers from that row. PUT replaces names and address, PATCH the fields that it contains.
3. Another address needs a recent sign-in. It is pending until its link is opened, and an e-mail
   warns the old address. A taken address gets the same response, and an e-mail to its owner.
4. Sending the current address withdraws the pending one, and so does the end of the session.
5. The link moves the account: see ``flows.verification``.
"""

from datetime import datetime
from functools import cache
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import emails
from accounts.api.authentication import LiveSessionAuthentication, session_of
from accounts.api.fields import ProfileSerializer
from accounts.api.requests import client_without_tokens
from accounts.errors import TokenNotValid
from accounts.models import Session, User
from accounts.services import email_addresses
from accounts.services.client import Client
from accounts.services.email_limits import count_email
from accounts.services.links import bindings
from accounts.services.sessions import live_sessions, store
from core.error_responses import refused
from core.logging import security_log
from core.ratelimit import throttling
from mail import outbox

READ_ONLY_FIELDS = (
    "id",
    "role",
    "email_verified",
    "has_password",
    "mfa_enabled",
    "date_joined",
    "pending_email",
)


class ProfileOutput(ProfileSerializer):
    """What users change, and ``READ_ONLY_FIELDS``."""

    language = serializers.ChoiceField(settings.LANGUAGES)
    has_password = serializers.BooleanField(
        help_text="False for a user who has never set a password."
    )
    mfa_enabled = serializers.BooleanField(
        source="has_second_factor", help_text="The user has set up a second factor."
    )
    pending_email = serializers.EmailField(
        required=False, help_text="The new address until it is verified; otherwise absent."
    )

    class Meta(ProfileSerializer.Meta):
        fields = (*ProfileSerializer.Meta.fields, *READ_ONLY_FIELDS)
        read_only_fields = READ_ONLY_FIELDS

    def to_representation(self, instance: User) -> dict[str, Any]:
        shown = super().to_representation(instance)
        return {name: text for name, text in shown.items() if name != "pending_email" or text}


@cache
def _output() -> ProfileOutput:
    # Kept: building the fields of a serializer takes a quarter of the time of a GET.
    return ProfileOutput()


def _show(user: User) -> dict[str, Any]:
    return _output().to_representation(user)


def change_profile(
    *, session: Session, email: str | None, fields: dict[str, Any], client: Client, now: datetime
) -> None:
    """``email`` is None where the request does not contain one."""
    user = session.user
    if email == user.email:
        _withdraw_address(session)
    elif email is not None:
        store.require_recent(session, now=now)
        throttling.hit("email_change", of=user.pk, account=user.pk)
        count_email("email_change_account", to=email, account=user.pk)
        _request_address_change(session, email, client, now)
    if fields:
        _change_fields(session, fields, now)


@transaction.atomic
def _change_fields(session: Session, fields: dict[str, Any], now: datetime) -> None:
    user = live_sessions.lock_account(session, now=now)
    User.objects.filter(pk=user.pk).update(**fields)
    for name, value in fields.items():
        setattr(session.user, name, value)


@transaction.atomic
def _withdraw_address(session: Session) -> None:
    user = session.user
    if user.pending_email and email_addresses.cancel_change(user):
        user.refresh_from_db()
        security_log.record("address_change_withdrawn", account=user.pk, session=session.pk)


@transaction.atomic
def _request_address_change(session: Session, email: str, client: Client, now: datetime) -> None:
    user, until = session.user, now + emails.EMAIL_CHANGE_LINK_LIFETIME
    if not email_addresses.request_change(session=session, email=email, expires_at=until):
        raise TokenNotValid
    security_log.record("address_change_asked", account=user.pk, session=session.pk)
    outbox.post(
        emails.email_change,
        to=email,
        parameters={"user": str(user.pk)},
        bound_to=bindings.bind(email=email, password_hash=user.password),
        not_after=until,
    )
    emails.tell_owner(emails.email_change_asked, user, new_email=email, ip=client.ip)


@extend_schema(tags=["Account"])
class ProfileView(APIView):
    """The user's own account."""

    authentication_classes = (LiveSessionAuthentication,)

    @extend_schema(responses={200: ProfileOutput, **refused(401)})
    def get(self, request: Request) -> Response:
        return Response(_show(session_of(request).user))

    @extend_schema(request=ProfileSerializer, responses={200: ProfileOutput, **refused(400, 401)})
    def put(self, request: Request) -> Response:
        """Replace the profile. A new address must be verified first."""
        return self._change(request, partial=False)

    @extend_schema(
        request=ProfileSerializer(partial=True), responses={200: ProfileOutput, **refused(400, 401)}
    )
    def patch(self, request: Request) -> Response:
        """Change some fields. A new address must be verified first."""
        return self._change(request, partial=True)

    def _change(self, request: Request, *, partial: bool) -> Response:
        session = session_of(request)
        form = ProfileSerializer(session.user, data=request.data, partial=partial)
        form.is_valid(raise_exception=True)
        fields = dict(form.validated_data)
        change_profile(
            session=session,
            email=fields.pop("email", None),
            fields=fields,
            client=client_without_tokens(request),
            now=timezone.now(),
        )
        return Response(_show(session.user))
