"""An endpoint without its last slash is named to a client; a page redirects."""

from typing import Any

import pytest
from django.test import Client
from django.urls import include, path, reverse
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.urls import handler404
from config.urls import urlpatterns as project
from core.middleware.slashes import PATH_MAX_LENGTH

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class Things(APIView):
    authentication_classes = permission_classes = throttle_classes = ()

    def get(self, request: Request, **_: Any) -> Response:
        return Response({})


owner = [path("things/", Things.as_view()), path("things/<str:name>/", Things.as_view())]
urlpatterns = [*project, path("api/shop/", include(owner))]
__all__ = ["handler404", "urlpatterns"]

pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db]


@pytest.fixture(params=[False, True], ids=["production", "DEBUG"])
def debug(request: pytest.FixtureRequest, settings: Any) -> None:
    settings.DEBUG = request.param


@pytest.mark.usefixtures("debug")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "endpoint", [reverse("rest_login"), "/api/shop/things/", "/api/shop/things/one/"]
)
def test_endpoint_without_its_slash_is_404_and_named(
    method: str, endpoint: str, client: Client
) -> None:
    response = client.generic(method, endpoint[:-1], b"{}", "application/json")

    assert (response.status_code, response["Content-Type"]) == (404, "application/json")
    if method != "HEAD":
        detail = f"Not found. Use {endpoint}"
        assert response.json() == {"detail": detail, "code": "not_found"}


@pytest.mark.parametrize(
    "asked",
    [
        "/api/nowhere",
        "/api/auth/login/nowhere",
        "/api/auth/sessions/not-an-id",
        f"/api/shop/things/{'a' * PATH_MAX_LENGTH}",
        "/api/shop/things/%ed%a0%80",
        "/api/shop/things/%ff",
        "/api/shop/things/%0a",
        "/api/shop/things/%e2%80%ae",
    ],
)
def test_nothing_is_named_that_is_not_there_or_is_no_plain_path(asked: str, client: Client) -> None:
    response = client.post(asked, {}, "application/json")

    assert response.status_code == 404
    assert response.json() == {"detail": "Not found.", "code": "not_found"}


def test_endpoint_that_answers_404_itself_names_no_other(client: Client, settings: Any) -> None:
    settings.JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION = True

    response = client.post(reverse("rest_register"), {}, "application/json")

    assert response.status_code == 404
    assert "use" not in response.json()["detail"]


@pytest.mark.usefixtures("debug")
@pytest.mark.parametrize("page", ["/admin/", reverse("account_email_verification_sent")])
def test_page_without_its_slash_redirects(page: str, client: Client) -> None:
    response = client.get(page[:-1])

    assert (response.status_code, response["Location"]) == (301, page)


@pytest.mark.usefixtures("debug")
def test_link_without_its_slash_is_no_failure_for_other_methods(
    client: Client, settings: Any
) -> None:
    link = reverse("account_confirm_email", kwargs={"key": "sign_up.key"})

    response = client.post(link[:-1], {}, "application/json")

    assert response.status_code == 404
    if not settings.DEBUG:
        assert response.json()["detail"] == "Not found."
