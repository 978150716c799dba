"""Headers of failed pages, and origins that resemble allowed ones."""

from typing import Any

import pytest
from django.core.checks import run_checks
from django.db import InterfaceError, OperationalError
from django.test import Client
from django.urls import reverse

from core.middleware.headers import CONTENT_POLICY
from tests.client import Browser
from tests.core.test_headers import ALLOW_ORIGIN, EVERYWHERE, LOGIN, ORIGIN, preflight

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("redirect", [False, True])
def test_refused_host_has_them_too(redirect: bool, client: Client, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = redirect

    response = client.get("/nowhere/", headers={"Host": "evil.example"})

    assert response.status_code == 400
    assert {name: response.get(name) for name in EVERYWHERE} == EVERYWHERE
    assert "default-src 'none'" in response[CONTENT_POLICY]


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


# Other origins


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


def test_answer_to_nobodys_origin_is_kept_apart_by_caches(client: Client, settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]

    response = client.get(LOGIN)

    assert "origin" in response["Vary"]
    assert not [name for name in response.headers if name.lower().startswith("access-control")]


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
