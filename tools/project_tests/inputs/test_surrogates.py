"""A lone surrogate in a body is refused at once, in every view: no answer can quote it."""

from typing import Any

import pytest
from django.urls import path
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from tests.client import Browser
from tests.people import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

LONE = "\\ud800"
"""As it stands in JSON."""


class RoleSerializer(serializers.ModelSerializer[User]):
    """A view of an owner's: its choices quote what they refuse."""

    class Meta:
        model = User
        fields = ("role", "email")


class RoleView(generics.CreateAPIView[User]):
    authentication_classes = permission_classes = ()
    serializer_class = RoleSerializer


class EchoView(APIView):
    authentication_classes = permission_classes = ()

    def post(self, request: Request) -> Response:
        body: Any = request.data
        raise serializers.ValidationError({key: [str(body[key])] for key in body})


urlpatterns = [path("roles/", RoleView.as_view()), path("echo/", EchoView.as_view())]


def post(address: str, body: str) -> Any:
    return Browser().post(address, body, "application/json")


@pytest.mark.parametrize(
    "body",
    [
        f'{{"role": "{LONE}"}}',
        f'{{"role": "{LONE.upper().replace("U", "u")}"}}',
        f'{{"role": ["{LONE}"]}}',
        '{"role": {"a": "\\udfff"}}',
        '{"role": "\\ude00\\ud83d"}',
        f'{{"{LONE}": 1}}',
        f'"{LONE}"',
    ],
)
@pytest.mark.parametrize("address", ["/roles/", "/echo/"])
def test_lone_surrogate_is_400(address: str, body: str) -> None:
    response = post(address, body)

    assert (response.status_code, response.json()["code"]) == (400, "parse_error")


@pytest.mark.parametrize("text", ["\\ud83d\\ude00", "\\\\ud800", "\\ue000", "😀", "\\u0000"])
def test_whole_character_is_quoted(text: str) -> None:
    response = post("/roles/", f'{{"role": "{text}"}}')

    assert response.status_code == 400
    assert "role" in response.json()


@pytest.mark.urls("config.urls")
def test_role_of_an_invitation_is_400(settings: Any) -> None:
    settings.JWT_ALLAUTH_INVITATIONS = True
    admin = Browser()
    admin.sign_in(make_user(role=User.Role.ADMIN).email)
    invitation = {"email": "new@example.test", "role": "\ud800"}

    assert admin.call("post", "rest_user_register", invitation).status_code == 400
