"""MFA management: users list their authenticators and turn MFA off; an admin resets it.

1. The access token names the user and the current session.
2. The list shows the authenticator app and the recovery codes without their secrets, and how many
   recovery codes are left.
3. Turning MFA off needs the password and a session that a second factor has opened. It is refused
   where MFA is required for all users.
4. An admin, or a command, can reset the MFA of a user, who then sets it up again if it is required.
5. The other sessions end (all of them after a reset), every challenge ends, and an e-mail tells
   the owner.
"""

from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import emails, revocation
from accounts.api.authentication import LiveSessionAuthentication, session_of
from accounts.api.endpoints import MfaEndpoint
from accounts.api.fields import Fields, PasswordField
from accounts.api.requests import client_without_tokens
from accounts.api.responses import TrueField
from accounts.conf import MfaMode, switches
from accounts.errors import InvalidPassword, LastWayIn, MfaNotActive, MfaRequired, TokenNotValid
from accounts.models import Session, User
from accounts.services import ways_in
from accounts.services.client import Client
from accounts.services.mfa import authenticators, recovery_codes
from accounts.services.passwords import verification
from accounts.services.sessions import store
from core.error_responses import refused
from core.logging import security_log


class AuthenticatorOutput(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    type = serializers.CharField()
    created = serializers.DateTimeField(source="created_at")
    last_used = serializers.DateTimeField(source="last_used_at", allow_null=True)
    recovery_codes_left = serializers.IntegerField(
        required=False, help_text="Only of `recovery_codes`."
    )

    def to_representation(self, instance: Any) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(instance)
        if instance.type == authenticators.Type.RECOVERY_CODES:
            shown["recovery_codes_left"] = recovery_codes.count_left(instance)
        return shown

    def get_fields(self) -> Fields:
        # Features add types after this module is imported.
        return {**super().get_fields(), "type": serializers.ChoiceField(authenticators.types())}


class DeactivationInput(serializers.Serializer[Any]):
    password = PasswordField()


def deactivate(*, session: Session, password: str, client: Client) -> None:
    if switches.mfa_mode is MfaMode.REQUIRED:
        raise MfaRequired
    if not session.user.has_second_factor:
        raise MfaNotActive
    if not verification.verify_own_password(password, user=session.user):
        raise InvalidPassword
    store.require_second_factor(session)
    with transaction.atomic():
        user = User.objects.lock_unchanged(session.user)
        if user is None:
            raise TokenNotValid
        authenticators.remove_all(user)
        if not store.drop_second_factor(session):
            raise TokenNotValid
        revocation.revoke_others(user, kept=session.pk)
        emails.tell_owner(emails.second_factor_off, user, ip=client.ip)
        security_log.record(
            "second_factor_off", account=user.pk, session=session.pk, reason="deactivated"
        )


@transaction.atomic
def reset(user: User, *, by: User | None = None) -> bool:
    """Returns False where the user has no second factor. ``by`` is None for the command.

    Raises:
        LastWayIn: a second factor is also the only way to sign in.
    """
    locked = User.objects.lock(user.pk)
    if locked is None or not locked.has_second_factor:
        return False
    authenticators.remove_all(locked)
    if not ways_in.count(locked):
        # The rollback keeps it.
        raise LastWayIn
    revocation.revoke_all(locked)
    emails.tell_owner(emails.second_factor_reset, locked)
    reason = "admin" if by else "command"
    security_log.record("second_factor_reset", account=locked.pk, reason=reason, by=by)
    return True


@extend_schema(tags=["MFA"])
class AuthenticatorListView(MfaEndpoint):
    """The user's authenticators, without secrets."""

    authentication_classes = (LiveSessionAuthentication,)

    @extend_schema(responses={200: AuthenticatorOutput(many=True), **refused(401)})
    def get(self, request: Request) -> Response:
        rows = authenticators.list_for(session_of(request).user)
        return Response(AuthenticatorOutput(rows, many=True).data)


@extend_schema(tags=["MFA"])
class DeactivationView(MfaEndpoint):
    """Turn multi-factor authentication off."""

    authentication_classes = (LiveSessionAuthentication,)

    @extend_schema(
        request=DeactivationInput,
        responses={
            200: inline_serializer("Deactivated", {"success": TrueField()}),
            **refused(400, 401, 403),
        },
    )
    def post(self, request: Request) -> Response:
        form = DeactivationInput(data=request.data)
        form.is_valid(raise_exception=True)
        deactivate(
            session=session_of(request),
            client=client_without_tokens(request),
            **form.validated_data,
        )
        return Response({"success": True})
