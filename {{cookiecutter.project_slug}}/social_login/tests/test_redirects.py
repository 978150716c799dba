"""A one-time code goes to front ends that the settings name."""

from typing import Any

import pytest

from social_login.providers.claims import pkce_challenge
from social_login.tests.steps import FRONT_END, authorize, call_back, complete, query_of, start
from tests.client import Browser
from tests.flows.steps import refusal

APP = "com.example.app:/signed-in"
VERIFIER = "a-verifier-that-only-the-app-knows-0123456789"


@pytest.fixture(autouse=True)
def _front_ends(settings: Any) -> None:
    settings.FRONTEND_URL = "https://app.example.test"
    settings.SOCIAL_LOGIN_ALLOWED_REDIRECTS = ["https://other.example.test", APP]


def redirected(browser: Browser, next_url: str) -> str:
    url = start(browser, next=next_url).json()["authorization_url"]
    return str(call_back(browser, authorize(url))["Location"])


@pytest.mark.parametrize(
    "next_url",
    [
        FRONT_END,
        "https://app.example.test/",
        "https://app.example.test/a/b?c=d",
        "https://other.example.test/x",
        "https://api.example.test/page",
        APP,
    ],
)
def test_the_browser_returns_there(guest: Browser, next_url: str) -> None:
    address = redirected(guest, next_url)

    assert address.startswith(next_url)
    assert "code" in query_of(address)


def test_the_query_and_the_fragment_of_the_page_stay(guest: Browser) -> None:
    address = redirected(guest, f"{FRONT_END}?tab=1#/signed-in")

    assert address.startswith(f"{FRONT_END}?tab=1&code=")
    assert address.endswith("#/signed-in")


@pytest.mark.parametrize(
    "next_url",
    [
        "https://evil.example/",
        "http://app.example.test/",
        "https://app.example.test:8443/",
        "https://app.example.test.evil.example/",
        "https://app.example.test@evil.example/",
        "https://user:password@app.example.test/",
        "https://evil.example\\@app.example.test/",
        "https://app.example.test\\.evil.example/",
        "https:\\\\app.example.test/",
        "https://app.example.test/\r\nSet-Cookie: a=b",
        "https://app.exa\tmple.test/",
        "//app.example.test/",
        "/social",
        "javascript:alert(1)",
        "data:text/html,x",
        "com.example.app:/elsewhere",
        "com.evil.app:/signed-in",
        "https://[",
        "https://app.example.test:port/",
        "ö",
        "x" * 2_001,
    ],
)
def test_it_goes_nowhere_else(guest: Browser, next_url: str) -> None:
    response = start(guest, next=next_url)

    assert response.status_code == 400
    assert "authorization_url" not in response.json()
    assert "next" in response.json()


def test_without_a_page_there_is_nowhere_to_return_to(guest: Browser, settings: Any) -> None:
    settings.SOCIAL_LOGIN_REDIRECT = ""

    assert start(guest).json()["codes"] == {"next": ["invalid_choice"]}


def test_an_app_completes_with_its_own_verifier(guest: Browser) -> None:
    app, system_browser = Browser(), Browser()
    url = start(app, next=APP, code_challenge=pkce_challenge(VERIFIER)).json()["authorization_url"]
    assert not app.cookies

    code = query_of(call_back(system_browser, authorize(url))["Location"])["code"]

    assert complete(app, code, code_verifier=VERIFIER).status_code == 200


@pytest.mark.parametrize("verifier", ["", "another", "ö", pkce_challenge(VERIFIER)])
def test_a_code_without_the_verifier_is_of_no_use(guest: Browser, verifier: str) -> None:
    url = start(guest, code_challenge=pkce_challenge(VERIFIER)).json()["authorization_url"]
    code = query_of(call_back(guest, authorize(url))["Location"])["code"]

    assert refusal(complete(guest, code, code_verifier=verifier)) == (400, "sign_in_expired")


@pytest.mark.parametrize("challenge", ["short", "x" * 44, "ö" * 43, VERIFIER[:42] + "\n"])
def test_a_challenge_is_one_of_s256(guest: Browser, challenge: str) -> None:
    assert start(guest, code_challenge=challenge).status_code == 400


def test_an_app_may_take_its_tokens_in_the_body(guest: Browser) -> None:
    url = start(guest).json()["authorization_url"]
    code = query_of(call_back(guest, authorize(url))["Location"])["code"]

    response = guest.call(
        "post", "social_complete", {"code": code}, headers={"X-Token-Transport": "body"}
    )

    assert response.json().keys() == {"access", "refresh", "device"}
