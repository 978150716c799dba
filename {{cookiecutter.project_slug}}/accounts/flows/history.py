"""History: users read the security events of their account.

1. The access token names the user.
2. A page has the events of the last 90 days, the latest first, each with a sentence, the network
   and the device. A cursor leads to the next page, also while new events are added.
"""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.generics import ListAPIView
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.authentication import LiveSessionAuthentication, session_of
from accounts.models import SecurityEvent
from accounts.services import history
from core.error_responses import refused


class EventOutput(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    event = serializers.CharField(help_text="A code: see the security log of the documentation.")
    ip = serializers.CharField(
        source="network", help_text="The network of the client; empty if it is not known."
    )
    user_agent = serializers.CharField()
    detail = serializers.SerializerMethodField(help_text="The event as a sentence.")

    def get_detail(self, event: SecurityEvent) -> str:
        return history.sentence_for(event)


class HistoryPagination(CursorPagination):
    page_size = 50
    ordering = "-at"

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> Any:
        try:
            return super().paginate_queryset(queryset, request, view)
        except (ValueError, ValidationError):
            # The cursor names no time.
            raise NotFound(self.invalid_cursor_message) from None

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        described = super().get_paginated_response_schema(schema)
        # The examples of Django REST framework are no valid addresses.
        for name in ("next", "previous"):
            described["properties"][name].pop("example")
        return described


class HistoryView(ListAPIView[SecurityEvent]):
    """The security events of the user's account, of 90 days."""

    authentication_classes = (LiveSessionAuthentication,)
    pagination_class = HistoryPagination
    serializer_class = EventOutput

    def get_queryset(self) -> QuerySet[SecurityEvent]:
        return history.list_of(session_of(self.request).user_id, now=timezone.now())

    @extend_schema(tags=["Account"], responses={200: EventOutput(many=True), **refused(401, 404)})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)
