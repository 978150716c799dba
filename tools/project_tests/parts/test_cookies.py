"""More cookies of one name than are tried, and every key that a browser may send one with."""

from typing import Any

import pytest
from django.urls import reverse

from accounts.api.cookies import REFRESH_COOKIE
from accounts.link_cookies import PASSWORD_RESET_COOKIE
from accounts.models import User
from accounts.services.sessions import tokens
from core.cookies import MAX_VALUES
from tests.client import Browser
from tests.flows.steps import signed_in_as
from tests.flows.test_cookies import deleted, header, refresh_with, sent_with, set_new_with
from tests.flows.test_cookies import reset as reset
from tests.people import PASSWORD, make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("number", [8, 200])
@pytest.mark.parametrize("shape", ["junk{}", "a.b{}", "a.b.c.d{}", "{}~", "ü.ü.ü{}"])
def test_malformed_values_do_not_hide_ours(shape: str, number: int, signed_in: Browser) -> None:
    junk = (shape.format(n) for n in range(number))

    assert refresh_with(*junk, signed_in.refresh_token).status_code == 200


def keys_below(name: str, *, domain: str = "") -> set[tuple[str, str]]:
    """Every key of a cookie that a browser sends to the endpoint."""
    path, keys = reverse(name), set()
    while path != "/":
        keys |= {(domain, path), (domain, path.rstrip("/"))}
        path = path.rstrip("/").rpartition("/")[0] + "/"
    return keys | {(domain, "/")}


@pytest.mark.parametrize("name", ["token_refresh", "rest_login"])
@pytest.mark.parametrize("junk", [False, True], ids=["of two accounts", "more than are tried"])
def test_cookies_that_keep_ours_from_counting_are_deleted_at_every_path(
    name: str, junk: bool, signed_in: Browser, user: User
) -> None:
    thief = signed_in_as(make_user())
    tossed = [f"a.b.c{n}" for n in range(MAX_VALUES)] if junk else [thief.refresh_token]
    headers = header(REFRESH_COOKIE, *tossed, signed_in.refresh_token)
    body = {"email": user.email, "password": PASSWORD}

    response = Browser().call("post", name, body, headers=headers)

    domains = ("", "api.example.test", "example.test")
    own = {("", "/api/auth/"), ("api.example.test", "/api/auth/")}
    assert deleted(response) == set().union(*(keys_below(name, domain=d) for d in domains)) - own


def test_deleting_them_fits_into_the_headers_of_proxies(signed_in: Browser, settings: Any) -> None:
    settings.PUBLIC_URL = "https://api.accounts.shop.example.co.uk"

    response = refresh_with(*(f"a.b.c{n}" for n in range(MAX_VALUES)), signed_in.refresh_token)

    assert len(deleted(response)) >= 40
    assert len(response.cookies.output()) < 4_000


def test_only_so_many_values_are_tried(signed_in: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: set[str] = set()
    read = tokens.read_refresh

    def note(token: str) -> Any:
        tried.add(token)
        return read(token)

    monkeypatch.setattr(tokens, "read_refresh", note)

    refresh_with(*(f"a.b.c{number}" for number in range(200)), signed_in.refresh_token)

    assert len(tried) == MAX_VALUES


@pytest.mark.parametrize("number", [8, 100])
@pytest.mark.parametrize(
    ("name", "shape"),
    [
        (PASSWORD_RESET_COOKIE.name, "junk{}"),
        ("csrftoken", "junk{}"),
        ("csrftoken", "x{:031}"),
    ],
)
def test_many_cookies_do_not_hide_ours(name: str, shape: str, number: int, reset: Browser) -> None:
    foreign = [shape.format(n) for n in range(number)]

    assert set_new_with(reset, sent_with(reset, name, foreign, [])).status_code == 200
