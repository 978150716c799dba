"""Views of an owner that say nothing about authentication, errors or their description."""

from typing import cast

import pytest
from django.core.management import call_command
from django.db.models import QuerySet
from django.urls import path
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.serializers import ModelSerializer
from rest_framework.views import APIView
from rest_framework.viewsets import ModelViewSet

from accounts.api.authentication import AccessTokenAuthentication, LiveSessionAuthentication
from accounts.models import Session, User
from tests.client import Browser


class PlainView(APIView):
    def get(self, request: Request, number: int) -> Response:
        return Response({"number": number})

    post = put = patch = delete = get


class LiveView(PlainView):
    authentication_classes = (LiveSessionAuthentication,)


class OwnAuthentication(AccessTokenAuthentication):
    pass


class OwnView(PlainView):
    authentication_classes = (OwnAuthentication,)


class PublicView(APIView):
    permission_classes = (AllowAny,)

    def get(self, request: Request) -> Response:
        return Response({"signed_in": request.user.is_authenticated})


class SessionSerializer(ModelSerializer[Session]):
    class Meta:
        model = Session
        fields = ("id", "user_agent")


class SessionViewSet(ModelViewSet[Session]):
    serializer_class = SessionSerializer

    def get_queryset(self) -> QuerySet[Session]:
        return Session.objects.filter(user=cast(User, self.request.user))


router = SimpleRouter()
router.register("api/own-sessions", SessionViewSet, basename="own-session")

urlpatterns = [
    path("api/plain/<int:number>/", PlainView.as_view()),
    path("api/live/<int:number>/", LiveView.as_view()),
    path("api/own/<int:number>/", OwnView.as_view()),
    path("api/public/", PublicView.as_view(), name="public"),
    *router.urls,
]
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def test_description_has_no_warning(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--urlconf", __name__)

    described = capsys.readouterr().out
    for name in ("plain/{number}", "live/{number}", "own/{number}", "own-sessions/{id}"):
        assert f"/api/{name}/:" in described
    assert "scheme: bearer" in described


def test_anonymous_user_is_not_authenticated() -> None:
    assert Browser().call("get", "public").json() == {"signed_in": False}
