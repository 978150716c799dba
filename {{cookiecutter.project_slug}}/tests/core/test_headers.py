"""The headers that every answer has, and the origins that may read one."""

import re
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path, reverse
from django.views.decorators.clickjacking import xframe_options_exempt

from accounts.api.requests import DEVICE_HEADER
from accounts.api.transport import TRANSPORT_HEADER
from accounts.models import User
from core.middleware.headers import CONTENT_POLICY, HeadersMiddleware
from tests.client import Browser
from tests.flows.steps import signed_in_as
from tests.mailbox import link_to

EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
LOGIN = reverse("rest_login")
ORIGIN = "https://app.example.test"
ALLOW_ORIGIN = "Access-Control-Allow-Origin"

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/health/live", 200),
        (LOGIN, 405),
        ("/api/nowhere/", 404),
        ("/nowhere/", 404),
        ("/admin/", 302),
        ("/admin/login/", 200),
        ("/admin/login/?next=%00", 400),
        (reverse("docs"), 200),
        (reverse("account_email_verification_sent"), 200),
    ],
)
def test_every_answer_has_the_headers_of_security(path: str, status: int, client: Client) -> None:
    response = client.get(path)

    assert response.status_code == status
    assert {name: response.get(name) for name in EVERYWHERE} == EVERYWHERE
    assert "camera=()" in response["Permissions-Policy"]


@xframe_options_exempt
def framed(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


urlpatterns = [path("framed/", framed)]


def test_view_may_allow_frames_as_django_says(settings: Any, client: Client) -> None:
    settings.ROOT_URLCONF = __name__

    response = client.get("/framed/")

    assert response.status_code == 200
    assert "X-Frame-Options" not in response


def test_no_response_of_the_api_is_stored(user: User, signed_in: Browser, client: Client) -> None:
    signed_in_as(user)
    link = reverse("password_reset_confirm", kwargs={"uidb64": "x", "token": "y"})

    ended = signed_in.end_session(user.sessions.latest("created_at").pk)
    redirected = client.get(link.rstrip("/"))

    assert [ended.status_code, redirected.status_code] == [204, 301]
    assert {answer["Cache-Control"] for answer in (ended, redirected)} == {"no-store"}


@pytest.mark.parametrize(
    ("path", "of_the_view", "sent"),
    [
        ("/api/orders/", {}, "no-store"),
        ("/api/orders/", {"Cache-Control": "max-age=60"}, "max-age=60"),
        ("/orders/", {}, None),
    ],
)
def test_view_may_set_another_cache_control(
    path: str, of_the_view: dict[str, str], sent: str | None, rf: RequestFactory
) -> None:
    middleware = HeadersMiddleware(lambda _: HttpResponse(headers=of_the_view))

    assert middleware(rf.get(path)).get("Cache-Control") == sent


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere/",
        "/admin/login/",
        "/admin/login/?next=%00",
        reverse("docs"),
        reverse("account_email_verification_sent"),
        reverse("password_reset_confirm", kwargs={"uidb64": "x", "token": "y"}),
    ],
)
def test_policy_of_a_page_allows_no_inline_script(path: str, client: Client) -> None:
    policy = client.get(path)[CONTENT_POLICY]

    assert {"default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"} <= set(
        policy.split("; ")
    )
    assert not re.search(r"unsafe|nonce|\*|https?:", policy)


def test_form_may_redirect_to_the_front_end(settings: Any) -> None:
    settings.JWT_ALLAUTH_CONFIRM_EMAIL_ON_GET = False
    settings.EMAIL_VERIFIED_REDIRECT = f"{ORIGIN}/welcome"
    browser = Browser()
    browser.sign_up("ada@example.test")

    policy = browser.get(link_to("ada@example.test"))[CONTENT_POLICY]

    assert f"form-action 'self' {ORIGIN}" in policy
    assert "default-src 'none'" in policy


def test_answer_of_the_api_has_no_policy_for_pages(client: Client) -> None:
    assert CONTENT_POLICY not in client.get("/api/nowhere/")


def test_form_without_its_csrf_token_is_a_page_that_says_what_to_do() -> None:
    response = Browser().post("/admin/login/", {"username": "ada", "password": "x"})

    assert response.status_code == 403
    assert b"reload the page" in response.content


def test_largest_body_is_a_setting(client: Client, settings: Any) -> None:
    settings.REQUEST_BODY_MAX_BYTES = 10

    response = client.post(LOGIN, {"email": "a" * 10}, "application/json")

    assert (response.status_code, response.json()["code"]) == (413, "request_too_large")


# Other origins


def preflight(client: Client, origin: str) -> Any:
    asked = {"Access-Control-Request-Method": "POST"}
    return client.options(LOGIN, headers={"Origin": origin, **asked})


@pytest.mark.parametrize(
    ("allowed", "origin"),
    [
        ([], ORIGIN),
        ([ORIGIN], "null"),
        ([ORIGIN], f"{ORIGIN}.evil.test"),
        ([ORIGIN], f"{ORIGIN}:1"),
    ],
)
def test_origin_that_is_not_allowed_reads_nothing(
    allowed: list[str], origin: str, client: Client, settings: Any
) -> None:
    settings.CORS_ALLOWED_ORIGINS = allowed

    response = preflight(client, origin)

    assert not [name for name in response.headers if name.lower().startswith("access-control")]


def test_allowed_origin_sends_cookies_and_the_headers_of_clients(
    client: Client, settings: Any
) -> None:
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]

    response = preflight(client, ORIGIN)

    assert response[ALLOW_ORIGIN] == ORIGIN
    assert response["Access-Control-Allow-Credentials"] == "true"
    assert "origin" in response["Vary"]
    allowed = response["Access-Control-Allow-Headers"].split(", ")
    assert {"authorization", "content-type", "x-csrftoken"} <= {*allowed}
    assert {DEVICE_HEADER.lower(), TRANSPORT_HEADER.lower()} <= {*allowed}
    assert {"baggage", "sentry-trace", "traceparent", "tracestate", "x-request-id"} <= {*allowed}


def test_allowed_origin_reads_these_headers(client: Client, settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]

    response = client.post(LOGIN, {}, "application/json", headers={"Origin": ORIGIN})

    exposed = set(response["Access-Control-Expose-Headers"].split(", "))
    limits = {"RateLimit", "RateLimit-Policy", "Retry-After"}
    assert {"Content-Disposition", "X-Request-ID", *limits} <= exposed
