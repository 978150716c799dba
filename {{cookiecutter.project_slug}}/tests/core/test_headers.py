"""The headers that every answer has, and who may read an answer from elsewhere."""

import re
from typing import Any

import pytest
from django.core.checks import run_checks
from django.db import InterfaceError, OperationalError
from django.test import Client
from django.urls import reverse

from accounts.api.requests import DEVICE_HEADER
from core.middleware.headers import CONTENT_POLICY
from tests.client import Browser
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
def test_every_answer_has_them(path: str, status: int, client: Client) -> None:
    response = client.get(path)

    assert response.status_code == status
    assert {name: response.get(name) for name in EVERYWHERE} == EVERYWHERE
    assert "camera=()" in response["Permissions-Policy"]


@pytest.mark.parametrize("redirect", [False, True])
def test_refused_host_has_them_too(redirect: bool, client: Client, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = redirect

    response = client.get("/nowhere/", headers={"Host": "evil.example"})

    assert response.status_code == 400
    assert {name: response.get(name) for name in EVERYWHERE} == EVERYWHERE
    assert "default-src 'none'" in response[CONTENT_POLICY]


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
def test_no_page_lets_anything_run_that_is_written_into_it(path: str, client: Client) -> None:
    policy = client.get(path)[CONTENT_POLICY]

    assert {"default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"} <= set(
        policy.split("; ")
    )
    assert not re.search(r"unsafe|nonce|\*|https?:", policy)


@pytest.mark.parametrize(
    ("error", "status"), [(RuntimeError, 500), (OperationalError, 503), (InterfaceError, 503)]
)
def test_failure_of_a_page_is_a_page_under_the_policy(
    error: type[Exception], status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("accounts.pages.responses.render", fails)

    response = Client(raise_request_exception=False).get(reverse("account_email_verification_sent"))

    assert response.status_code == status
    assert "default-src 'none'" in response[CONTENT_POLICY]
    assert b"<h1>" in response.content


def test_form_may_lead_on_to_the_front_end(settings: Any) -> None:
    settings.JWT_ALLAUTH_CONFIRM_EMAIL_ON_GET = False
    settings.EMAIL_VERIFIED_REDIRECT = f"{ORIGIN}/welcome"
    browser = Browser()
    browser.sign_up("ada@example.test")

    policy = browser.get(link_to("ada@example.test"))[CONTENT_POLICY]

    assert f"form-action 'self' {ORIGIN}" in policy
    assert "default-src 'none'" in policy


def test_answers_of_the_api_carry_no_policy_for_pages(client: Client) -> None:
    assert CONTENT_POLICY not in client.get("/api/nowhere/")


def test_form_without_its_token_is_a_page_that_says_what_to_do() -> None:
    response = Browser().post("/admin/login/", {"username": "ada", "password": "x"})

    assert response.status_code == 403
    assert b"reload the page" in response.content


# Bodies; tests.served.test_requests has the rest


def test_limit_of_bodies_is_a_setting(client: Client, settings: Any) -> None:
    settings.REQUEST_BODY_MAX_BYTES = 10

    response = client.post(LOGIN, {"email": "a" * 10}, "application/json")

    assert (response.status_code, response.json()["code"]) == (413, "request_too_large")


# Other origins


def preflight(client: Client, origin: str) -> Any:
    asked = {"Access-Control-Request-Method": "POST"}
    return client.options(LOGIN, headers={"Origin": origin, **asked})


def test_no_origin_may_ask_until_one_is_named(client: Client) -> None:
    response = preflight(client, ORIGIN)

    assert not [name for name in response.headers if name.startswith("access-control")]


def test_named_origin_may_ask_with_its_cookies(client: Client, settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]

    response = preflight(client, ORIGIN)

    assert response[ALLOW_ORIGIN] == ORIGIN
    assert response["Access-Control-Allow-Credentials"] == "true"
    allowed = response["Access-Control-Allow-Headers"].split(", ")
    assert {"authorization", "content-type", "x-csrftoken", DEVICE_HEADER.lower()} <= {*allowed}
    assert "origin" in response["Vary"]


APPS = [
    *("capacitor://localhost", "ionic://localhost", "tauri://localhost", "http://tauri.localhost"),
    *("app://obsidian.md", "https://localhost"),
]


@pytest.mark.parametrize("origin", APPS)
def test_origin_of_an_app_may_ask(origin: str, client: Client, settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN, *APPS]

    assert preflight(client, origin)[ALLOW_ORIGIN] == origin


@pytest.mark.parametrize("origin", APPS)
def test_app_may_send_a_cookie_that_its_origin_is_allowed_to(
    origin: str, signed_in: Browser, settings: Any
) -> None:
    settings.CORS_ALLOWED_ORIGINS = APPS

    allowed = signed_in.call("post", "token_refresh", {}, headers={"Origin": origin})
    foreign = signed_in.call("post", "token_refresh", {}, headers={"Origin": f"{origin}.evil"})

    assert (allowed.status_code, foreign.status_code) == (200, 403)


def test_page_without_an_origin_of_its_own_sends_no_cookie(signed_in: Browser) -> None:
    response = signed_in.call("post", "token_refresh", {}, headers={"Origin": "null"})

    assert response.status_code == 403


def test_origins_of_apps_pass_the_checks_of_django_and_of_cors(settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = settings.CSRF_TRUSTED_ORIGINS = APPS

    assert not [message for message in run_checks() if message.is_serious()]


@pytest.mark.parametrize(
    "header",
    [
        *("baggage", "sentry-trace", "traceparent", "tracestate"),
        *("x-known-device", "x-csrftoken", "x-request-id"),
    ],
)
def test_front_end_may_send_headers_of_tracing(header: str, client: Client, settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]

    allowed = preflight(client, ORIGIN)["Access-Control-Allow-Headers"]

    assert header in allowed.split(", ")


def test_answer_to_nobodys_origin_is_kept_apart_by_caches(client: Client, settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]

    response = client.get(LOGIN)

    assert "origin" in response["Vary"]
    assert not [name for name in response.headers if name.lower().startswith("access-control")]


def test_named_origin_reads_when_to_come_back_and_what_to_quote(
    client: Client, settings: Any
) -> None:
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]

    response = client.post(LOGIN, {}, "application/json", headers={"Origin": ORIGIN})

    exposed = set(response["Access-Control-Expose-Headers"].split(", "))
    assert exposed == {"X-Request-ID", "Retry-After", "RateLimit", "RateLimit-Policy"}


def test_refusal_at_the_door_can_be_read_by_a_named_origin(client: Client, settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]

    body = {"email": "a" * 100_000}
    response = client.post(LOGIN, body, "application/json", headers={"Origin": ORIGIN})

    assert (response.status_code, response[ALLOW_ORIGIN]) == (413, ORIGIN)


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "*",
        "http://app.example.test",
        "https://app.example.test.evil.test",
        "https://evil-app.example.test",
        "https://pp.example.test",
        "https://app.example.tes",
        "https://sub.app.example.test",
        "https://app.example.test:8443",
        "https://app.example.test@evil.test",
        "https://[::1",
    ],
)
def test_other_origin_may_not_ask(origin: str, client: Client, settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]

    response = preflight(client, origin)

    assert ALLOW_ORIGIN not in response
    assert "Access-Control-Allow-Credentials" not in response
