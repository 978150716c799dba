"""Token management: users list, create and delete the tokens of their programs.

1. An access token names the user and the session. An API token is refused here.
2. Creating one requires a recent sign-in, and the second factor where the user has one.
3. The account is locked: of two requests, the second counts the token of the first.
4. The token is shown once. Its row has a digest. An e-mail tells the owner.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import second_factor
from accounts.api.authentication import LiveSessionAuthentication, session_of
from accounts.api.fields import Fields, SecondFactorInput, TextField
from accounts.api.requests import client_without_tokens
from accounts.errors import InvalidCode
from accounts.models import Session, validate_person_name
from accounts.services.client import Client
from accounts.services.sessions import live_sessions
from accounts.services.sessions import store as sessions
from api_tokens import conf, scopes, store
from api_tokens.models import NAME_MAX_LENGTH, SCOPE_MAX_LENGTH, ApiToken
from core.error_responses import refused
from core.errors import NotFound
from core.ratelimit import throttling

MIN_LIFETIME = timedelta(minutes=1)
MAX_SCOPES = 100


class ApiTokenInput(SecondFactorInput):
    # An e-mail shows it.
    name = TextField(max_length=NAME_MAX_LENGTH, validators=[validate_person_name])

    def get_fields(self) -> Fields:
        # Apps register scopes after this module is imported.
        known = scopes.names()
        lifetime = serializers.IntegerField(
            min_value=int(MIN_LIFETIME.total_seconds()),
            max_value=int(conf.max_lifetime().total_seconds()),
            help_text="In seconds.",
        )
        chosen = serializers.ListField(
            child=TextField(max_length=SCOPE_MAX_LENGTH),
            allow_empty=False,
            max_length=MAX_SCOPES,
            help_text=f"Some of: {', '.join(known)}." if known else "No app has registered one.",
        )
        return {**super().get_fields(), "scopes": chosen, "expires_in": lifetime}

    def validate_scopes(self, chosen: list[str]) -> list[str]:
        if set(chosen) - scopes.allowed(self.context["role"], chosen):
            raise serializers.ValidationError(
                _("Your role does not allow one of these scopes."), code="invalid_choice"
            )
        return chosen


class ApiTokenOutput(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="The token has it after its prefix.")
    name = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    created = serializers.DateTimeField(source="created_at")
    expires = serializers.DateTimeField(source="expires_at")
    last_used = serializers.DateTimeField(
        source="last_used_at", allow_null=True, help_text="To the minute."
    )


class NewApiTokenOutput(ApiTokenOutput):
    token = serializers.CharField(help_text="Shown once. Send it as `Authorization: Bearer`.")


def create(
    *,
    session: Session,
    name: str,
    scopes: list[str],
    expires_in: int,
    code: str,
    client: Client,
    now: datetime,
) -> tuple[ApiToken, str]:
    """
    Raises:
        ReauthenticationRequired, SecondFactorRequired, InvalidCode, TooManyFailedMfaAttempts: the
            user has to sign in again, or to enter a code.
        LimitReached, TooManyTokens: the account made too many tokens, or has too many.
        TokenNotValid: the account changed, or the session has ended.
    """
    sessions.require_recent(session, now=now)
    lifetime = timedelta(seconds=expires_in)
    with transaction.atomic():
        user = live_sessions.lock_account(session, now=now)
        if second_factor.accept(session, code=code, client=client, now=now):
            throttling.hit("api_token_account", of=user.pk, account=user.pk)
            return store.create(
                user, name=name, scopes=scopes, lifetime=lifetime, now=now, ip=client.ip
            )
    raise InvalidCode


@extend_schema(tags=["API tokens"])
class ApiTokenListView(APIView):
    authentication_classes = (LiveSessionAuthentication,)

    @extend_schema(
        summary="The tokens of the user's programs",
        responses={200: ApiTokenOutput(many=True), **refused(401)},
    )
    def get(self, request: Request) -> Response:
        rows = store.list_live(session_of(request).user.pk, now=timezone.now())
        return Response(ApiTokenOutput(rows, many=True).data)

    @extend_schema(
        summary="Create an API token",
        request=ApiTokenInput,
        responses={201: NewApiTokenOutput, **refused(400, 401, 409)},
    )
    def post(self, request: Request) -> Response:
        session, now = session_of(request), timezone.now()
        form = ApiTokenInput(data=request.data, context={"role": session.user.role})
        form.is_valid(raise_exception=True)
        row, token = create(
            session=session, **form.validated_data, client=client_without_tokens(request), now=now
        )
        body = {**ApiTokenOutput(row).data, "token": token}
        return Response(body, status=status.HTTP_201_CREATED)


@extend_schema(tags=["API tokens"])
class ApiTokenView(APIView):
    authentication_classes = (LiveSessionAuthentication,)

    @extend_schema(summary="Delete an API token", responses={204: None, **refused(401, 404)})
    def delete(self, request: Request, token_id: str) -> Response:
        user = session_of(request).user
        with transaction.atomic():
            is_deleted = store.delete(token_id=token_id, user_id=user.pk)
        if not is_deleted:
            raise NotFound
        return Response(status=status.HTTP_204_NO_CONTENT)
