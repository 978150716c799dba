"""Export: users download what is stored about them.

1. A recent sign-in is required, and the second factor where the user has one.
2. A rate limit applies to each account. A code of a request that it refuses stays valid.
3. The functions of ``accounts.services.exports``, and of the project's apps, add their sections.
4. An e-mail tells the owner: an export is what a thief of a session wants most.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import emails, second_factor
from accounts.api.authentication import LiveSessionAuthentication, session_of
from accounts.api.fields import SecondFactorInput
from accounts.api.requests import client_without_tokens
from accounts.errors import InvalidCode
from accounts.models import Session
from accounts.services import exports
from accounts.services.client import Client
from accounts.services.sessions import live_sessions, store
from core.error_responses import refused
from core.logging import security_log
from core.ratelimit import throttling

CODE_HEADER = "X-Second-Factor-Code"
"""Not in the query: servers log addresses."""


def export(*, session: Session, code: str, client: Client, now: datetime) -> dict[str, Any]:
    """
    Raises:
        ReauthenticationRequired, SecondFactorRequired, InvalidCode, TooManyFailedMfaAttempts: the
            user has to sign in again, or to enter a code.
        LimitReached: the account was exported three times today.
        TokenNotValid: the account changed, or the session has ended.
    """
    store.require_recent(session, now=now)
    with transaction.atomic():
        user = live_sessions.lock_account(session, now=now)
        if second_factor.accept(session, code=code, client=client, now=now):
            # An incorrect code does not count here: a thief could use up the owner's exports.
            throttling.hit("export_account", of=user.pk, account=user.pk)
            emails.tell_owner(emails.account_exported, user, ip=client.ip)
            security_log.record("account_exported", account=user.pk, session=session.pk)
            return {"exported_at": now, **exports.collect(user, now=now)}
    raise InvalidCode


@extend_schema(tags=["Account"])
class ExportView(APIView):
    """Download what is stored about the account."""

    # Without HEAD: an export sends an e-mail.
    http_method_names = ("get", "options")
    authentication_classes = (LiveSessionAuthentication,)

    @extend_schema(
        parameters=[
            OpenApiParameter(
                CODE_HEADER,
                str,
                OpenApiParameter.HEADER,
                description="A code of the authenticator app, or a recovery code; for an account "
                "with a second factor that this session has not shown.",
            )
        ],
        responses={200: OpenApiTypes.OBJECT, **refused(400, 401)},
    )
    def get(self, request: Request) -> Response:
        form = SecondFactorInput(data={"code": request.headers.get(CODE_HEADER, "")})
        form.is_valid(raise_exception=True)
        data = export(
            session=session_of(request),
            **form.validated_data,
            client=client_without_tokens(request),
            now=timezone.now(),
        )
        response = Response(data)
        response["Content-Disposition"] = 'attachment; filename="account.json"'
        return response
