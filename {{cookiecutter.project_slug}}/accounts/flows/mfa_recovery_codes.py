"""New recovery codes: a signed-in user replaces the recovery codes of the account.

1. The access token names the user and the current session.
2. A code of the authenticator app confirms the request. A recovery code does not: a thief with one
   could replace all others. A feature can confirm with another second factor (``Confirm``).
3. The former codes are deleted, and the response has ten new ones, only this once.
4. An e-mail tells the owner. Sessions stay open.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import emails, second_factor
from accounts.api.authentication import LiveSessionAuthentication, session_of
from accounts.api.endpoints import MfaEndpoint
from accounts.api.fields import CodeField
from accounts.api.requests import client_without_tokens
from accounts.errors import InvalidCode, MfaNotActive
from accounts.models import Session, User
from accounts.services.client import Client
from accounts.services.mfa import recovery_codes, totp
from accounts.services.sessions import live_sessions
from core.error_responses import refused
from core.logging import security_log

Confirm = Callable[[User], bool]
"""Whether the locked account's owner has just shown a second factor. Called in a transaction."""


class RecoveryCodesInput(serializers.Serializer[Any]):
    code = CodeField(help_text="The six digits that the authenticator app shows.")


class RecoveryCodesOutput(serializers.Serializer[Any]):
    recovery_codes = serializers.ListField(
        child=serializers.CharField(), help_text="Shown only this once."
    )


def replace_codes(
    *, session: Session, confirm: Confirm, client: Client, now: datetime
) -> list[str]:
    """
    Raises:
        MfaNotActive: the account has no second factor.
        InvalidCode: ``confirm`` returns False.
        TokenNotValid: the account changed, or the session has ended.
    """
    codes: list[str] = []
    with transaction.atomic():
        user = live_sessions.lock_account(session, now=now)
        if not user.has_second_factor:
            raise MfaNotActive
        if confirm(user):
            codes = recovery_codes.replace(user, now=now)
            emails.tell_owner(emails.recovery_codes_replaced, user, ip=client.ip)
            security_log.record("recovery_codes_replaced", account=user.pk, session=session.pk)
    if not codes:
        raise InvalidCode
    return codes


@extend_schema(tags=["MFA"])
class RecoveryCodesView(MfaEndpoint):
    """Replace the recovery codes with ten new ones."""

    authentication_classes = (LiveSessionAuthentication,)

    @extend_schema(
        request=RecoveryCodesInput, responses={200: RecoveryCodesOutput, **refused(400, 401)}
    )
    def post(self, request: Request) -> Response:
        form = RecoveryCodesInput(data=request.data)
        form.is_valid(raise_exception=True)
        client, now = client_without_tokens(request), timezone.now()
        shows_code = partial(
            second_factor.present,
            claims=[partial(totp.claim, code=form.validated_data["code"], now=now)],
            client=client,
            now=now,
        )
        codes = replace_codes(
            session=session_of(request), confirm=shows_code, client=client, now=now
        )
        return Response({"recovery_codes": codes})
