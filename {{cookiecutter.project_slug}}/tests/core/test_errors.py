"""Errors are JSON below ``/api/`` and pages elsewhere, and tell nothing of their cause."""

import pytest
from django.db import connection
from django.test import Client
from django.urls import path, reverse
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from tests.client import Browser

pytestmark = pytest.mark.django_db


class StoringView(APIView):
    permission_classes = (AllowAny,)

    def post(self, request: Request) -> Response:
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s::jsonb", ['"\\u0000"'])
        return Response({})


urlpatterns = [path("api/storing/", StoringView.as_view(), name="storing")]


@pytest.mark.parametrize(
    ("path", "host", "status", "code"),
    [
        ("/api/nowhere/", "testserver", 404, "not_found"),
        (reverse("rest_login"), "testserver", 405, "method_not_allowed"),
        (reverse("rest_user_details"), "evil.example", 400, "bad_request"),
        (reverse("rest_user_details"), "testserver", 401, "not_authenticated"),
    ],
)
def test_error_of_the_api_is_json_with_a_code(
    path: str, host: str, status: int, code: str, client: Client
) -> None:
    response = client.get(path, headers={"Host": host, "Accept": "text/html"})

    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response["Content-Type"] == "application/json"
    assert response["Cache-Control"] == "no-store"


def test_unknown_page_is_a_page(client: Client) -> None:
    response = client.get("/nowhere/")

    assert response.status_code == 404
    assert response["Content-Type"].startswith("text/html")
    assert "<h1>Page not found</h1>" in response.content.decode()


def test_failure_of_the_server_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(**_: object) -> None:
        raise RuntimeError("secret details")

    monkeypatch.setattr("accounts.services.passwords.verification.verify_credentials", fails)
    browser = Browser(raise_request_exception=False)

    response = browser.sign_in("a@example.test")

    assert response.status_code == 500
    assert response.json() == {"detail": "Something went wrong on our side.", "code": "error"}


def test_session_of_django_admin_is_not_valid_at_the_api(client: Client, user: User) -> None:
    client.force_login(user)

    assert client.get(reverse("rest_user_details")).status_code == 401


@pytest.mark.urls(__name__)
def test_value_that_cannot_be_stored_is_a_bad_request(caplog: pytest.LogCaptureFixture) -> None:
    response = Browser().call("post", "storing", {})

    assert (response.status_code, response.json()["code"]) == (400, "parse_error")
    [logged] = [record for record in caplog.records if record.message == "value not stored"]
    assert vars(logged)["error"] == "UntranslatableCharacter"


def test_lone_surrogate_is_a_bad_request() -> None:
    response = Browser().sign_in("ada@example.test", "\ud800")

    assert (response.status_code, response.json()["code"]) == (400, "parse_error")
