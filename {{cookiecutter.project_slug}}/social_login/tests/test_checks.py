"""The system checks, and what the feature costs others."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.checks import run_checks

from accounts.models import User
from social_login.demo.provider import DemoProvider
from social_login.tests.steps import go, start
from tests.client import Browser
from tests.people import PASSWORD
from tests.queries import statements

GOOGLE = {
    "name": "Google",
    "issuer": "https://accounts.google.com",
    "client_id": "id",
    "client_secret": "secret",
    "verifies_email": True,
}
APPLE = {
    "name": "Apple",
    "issuer": "https://appleid.apple.com",
    "client_id": "id",
    "team_id": "team",
    "key_id": "key",
    "private_key": "-----BEGIN " + "PRIVATE KEY-----\nnone",
    "verifies_email": True,
}


@pytest.fixture
def found(settings: Any) -> Callable[..., list[str]]:
    def check(**providers: Any) -> list[str]:
        settings.SOCIAL_PROVIDERS = providers
        return [str(m.msg) for m in run_checks() if "social" in str(m.id)]

    return check


def test_the_redirect_uri_is_shown(found: Callable[..., list[str]]) -> None:
    assert found(google=GOOGLE) == [
        "Google: register the redirect URI "
        "https://api.example.test/api/auth/social/google/callback/"
    ]


def test_a_provider_that_is_off_needs_nothing(found: Callable[..., list[str]]) -> None:
    assert found(google=GOOGLE | {"client_id": "", "client_secret": ""}) == []


def test_an_incomplete_provider_is_refused(found: Callable[..., list[str]]) -> None:
    assert "SOCIAL_GOOGLE_CLIENT_SECRET must be set with the client id." in found(
        google=GOOGLE | {"client_secret": ""}
    )


def test_an_issuer_without_https_is_refused(found: Callable[..., list[str]]) -> None:
    problems = found(oidc=GOOGLE | {"issuer": "http://id.example.com"})

    assert "SOCIAL_OIDC_ISSUER must begin with https://." in problems


def test_a_key_that_is_none_is_refused(found: Callable[..., list[str]]) -> None:
    assert "SOCIAL_APPLE_PRIVATE_KEY must be the PEM text of the key." in found(apple=APPLE)


def test_a_sign_in_costs_few_statements(guest: Browser, demo: DemoProvider) -> None:
    complete = {"code": go(guest)["code"]}
    with statements(10):
        guest.call("post", "social_complete", complete)

    browser = Browser()
    code = {"code": go(browser)["code"]}
    with statements(6):
        browser.call("post", "social_complete", code)

    with statements(1):
        start(Browser())


def test_a_login_with_a_password_costs_what_it_costs_without_providers(
    guest: Browser, user: User
) -> None:
    with statements(3):
        guest.sign_in(user.email, PASSWORD)
