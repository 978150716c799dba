"""What the tests do: to the API as a browser, to the provider over HTTP."""

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from urllib.request import HTTPErrorProcessor, Request, build_opener

from django.urls import reverse

from tests.client import Browser

FRONT_END = "https://app.example.test/social"
GRACE = {"email": "grace@example.test", "name": "Grace Hopper", "email_verified": "on"}


class _KeepRedirects(HTTPErrorProcessor):
    def http_response(self, request: Any, response: Any) -> Any:
        return response


def start(browser: Browser, provider: str = "oidc", **body: Any) -> Any:
    return browser.call("post", "social_start", body, kwargs={"provider": provider})


def authorize(url: str, **person: str) -> dict[str, str]:
    """Signs in on the provider's page; returns the parameters of the callback."""
    form = urlencode(GRACE | person).encode()
    response = build_opener(_KeepRedirects).open(Request(url, form), timeout=10)  # noqa: S310
    return query_of(response.headers["Location"])


def call_back(browser: Browser, parameters: dict[str, str], provider: str = "oidc") -> Any:
    path = reverse("social_callback", kwargs={"provider": provider})
    return browser.get(path, parameters)


def go(browser: Browser, **person: str) -> dict[str, str]:
    """From the start to the front end; returns the parameters that the front end receives."""
    url = start(browser).json()["authorization_url"]
    return query_of(call_back(browser, authorize(url, **person))["Location"])


def complete(browser: Browser, code: str, **body: Any) -> Any:
    response = browser.call("post", "social_complete", {"code": code, **body})
    browser.access = response.json().get("access", browser.access)
    return response


def sign_in(browser: Browser, **person: str) -> Any:
    """From the start to the tokens."""
    return complete(browser, go(browser, **person)["code"])


def error_of(browser: Browser, **person: str) -> str:
    """The error that the front end receives."""
    found = go(browser, **person)
    assert found.keys() == {"error"}
    return found["error"]


def query_of(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))
