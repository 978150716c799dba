"""No endpoint below ``/api/auth/`` takes a token: one mechanism, for each URL and each method."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.urls import URLPattern, URLResolver, get_resolver

from api_tokens.tests.steps import program, token_for
from tests.client import Browser
from tests.flows.steps import refusal
from tests.queries import statements

pytestmark = pytest.mark.django_db

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
BELOW = f"{django_settings.API_URL}auth/"
PARTS = {
    "IntConverter": "7",
    "SlugConverter": "google",
    "UUIDConverter": "2f1c7c1e-9d1b-4a56-8f4f-0d3b1a3f1c11",
}


def routes(patterns: Any, before: str = "") -> Iterator[str]:
    """The path of each URL, with something in place of its parameters."""
    for each in patterns:
        route = before + str(each.pattern)
        for name, converter in each.pattern.converters.items():
            found = [part for part in route.split("/") if part.endswith(f"{name}>")]
            route = route.replace(found[0], PARTS.get(type(converter).__name__, "x"))
        if isinstance(each, URLResolver):
            yield from routes(each.url_patterns, route)
        elif isinstance(each, URLPattern):
            yield route


PATHS = sorted(path for path in routes(get_resolver().url_patterns) if path.startswith(BELOW))


def test_the_walk_finds_the_endpoints_of_each_app() -> None:
    assert len(PATHS) > 25
    assert {f"{BELOW}login/", f"{BELOW}user/", f"{BELOW}tokens/"} <= set(PATHS)


@pytest.mark.parametrize("path", PATHS)
def test_token_is_refused_without_a_query(path: str, settings: Any, signed_in: Browser) -> None:
    # What is switched off answers the same to everything.
    settings.JWT_ALLAUTH_INVITATIONS = True
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    # The program has the cookies of its owner, too.
    client = program(token_for(signed_in))
    client.cookies = signed_in.cookies
    headers = {"Authorization": f"Bearer {client.access}"}

    for method in METHODS:
        with statements(0):
            response = client.generic(
                method, f"/{path}", b"{}", content_type="application/json", headers=headers
            )

        assert response.status_code == 403, method
        assert method == "HEAD" or refusal(response) == (403, "token_not_allowed")


def test_a_token_that_is_not_valid_is_refused_in_the_same_way() -> None:
    response = program("shop_junk").call("post", "rest_login", {})

    assert refusal(response) == (403, "token_not_allowed")


def test_refusal_is_in_the_language_of_the_request(signed_in: Browser) -> None:
    german = program(token_for(signed_in), headers={"accept-language": "de"})

    detail = german.call("get", "rest_user_details").json()["detail"]

    assert detail == "Dieser Endpunkt nimmt keine API-Token an."


def test_pages_of_django_admin_take_no_token(signed_in: Browser) -> None:
    client = program(token_for(signed_in))

    response = client.get("/admin/", headers={"Authorization": f"Bearer {client.access}"})

    assert refusal(response) == (403, "token_not_allowed")


def test_unknown_path_stays_unknown(signed_in: Browser) -> None:
    client = program(token_for(signed_in))

    response = client.get(f"/{BELOW}nowhere/", headers={"Authorization": f"Bearer {client.access}"})

    assert refusal(response) == (404, "not_found")
