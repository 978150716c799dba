"""Devices: users see where they are signed in, and sign a device out.

1. The access token names the user and the current session.
2. The list shows every live session with its device, the one used last first. It rounds times of
   use to the minute: users need no more, and a thief learns less.
3. Ending a session deletes its row: its refresh token no longer works.
4. Ending the current session also clears the cookie.
"""

import uuid
from datetime import datetime
from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import LiveSessionAuthentication, session_of
from accounts.api.openapi import TransportSchema
from accounts.api.responses import clear_refresh_cookie
from accounts.models import Session
from accounts.services.sessions import live_sessions, store
from core.error_responses import refused


class MinuteField(serializers.DateTimeField):
    def to_representation(self, value: datetime) -> Any:
        return super().to_representation(_to_the_minute(value))


class SessionOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    created = serializers.DateTimeField(source="created_at")
    last_used = MinuteField(source="rotated_at", help_text="To the minute.")
    expires = MinuteField(source="expires_at", help_text="To the minute.")
    ip = serializers.IPAddressField(source="ip_address", allow_null=True)
    user_agent = serializers.CharField()
    current = serializers.SerializerMethodField(help_text="The session of this access token.")

    def get_current(self, session: Session) -> bool:
        return bool(session.pk == self.context["current"].pk)


def _to_the_minute(time: datetime) -> datetime:
    return time.replace(second=0, microsecond=0)


@extend_schema(tags=["Account"])
class SessionListView(APIView):
    """The devices that the user is signed in on."""

    authentication_classes = (LiveSessionAuthentication,)

    @extend_schema(responses={200: SessionOutput(many=True), **refused(401)})
    def get(self, request: Request) -> Response:
        current = session_of(request)
        live = sorted(
            live_sessions.list_of(current.user_id, now=timezone.now()),
            # The exact order of use would reveal what the rounding hides.
            key=lambda row: (_to_the_minute(row.rotated_at), row.created_at, row.pk),
            reverse=True,
        )
        output = SessionOutput(instance=live, many=True, context={"current": current})
        return Response(output.data)


@extend_schema(tags=["Account"])
class SessionDetailView(APIView):
    """One of the user's devices."""

    schema = TransportSchema()
    authentication_classes = (LiveSessionAuthentication,)

    @extend_schema(responses={204: None, **refused(400, 401, 404)})
    def delete(self, request: Request, session_id: uuid.UUID) -> Response:
        """Sign this device out."""
        current = session_of(request)
        response = Response(status=status.HTTP_204_NO_CONTENT)
        if session_id == current.pk:
            clear_refresh_cookie(request, response)
        if not store.revoke(session_id=session_id, user_id=current.user_id):
            raise Http404
        return response
