"""Logout: one session ends, or all of them."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.api.cookies import REFRESH_COOKIE
from accounts.models import Session, User
from tests.client import Browser
from tests.people import make_user
from tests.queries import statements

pytestmark = pytest.mark.django_db


def test_logout_ends_the_session_and_clears_the_cookie(signed_in: Browser) -> None:
    response = signed_in.call("post", "rest_logout", {})

    assert response.status_code == 200
    assert response.json() == {"detail": "You have been signed out."}
    cookie = response.cookies[REFRESH_COOKIE]
    assert (cookie.value, cookie["max-age"], cookie["path"]) == ("", 0, "/api/auth/")
    assert not Session.objects.exists()


def test_logged_out_session_does_not_refresh(signed_in: Browser) -> None:
    token = signed_in.refresh_token
    signed_in.call("post", "rest_logout", {})
    signed_in.refresh_token = token

    assert signed_in.refresh().status_code == 401


def test_logout_leaves_other_devices_alone(
    signed_in: Browser, sign_in: Callable[[], Browser]
) -> None:
    other = sign_in()

    signed_in.call("post", "rest_logout", {})

    assert other.refresh().status_code == 200


def test_logout_ends_a_session_that_was_rotated_meanwhile(signed_in: Browser) -> None:
    stale = signed_in.refresh_token
    signed_in.refresh()
    signed_in.refresh_token = stale

    assert signed_in.call("post", "rest_logout", {}).status_code == 200
    assert not Session.objects.exists()


def test_logout_in_body_mode(browser: Browser, user: User, settings: Any) -> None:
    settings.JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE = False
    refresh = browser.sign_in(user.email).json()["refresh"]

    response = browser.call("post", "rest_logout", {"refresh": refresh})

    assert response.status_code == 200
    assert not response.cookies
    assert not Session.objects.exists()


@pytest.mark.parametrize("token", ["", "nonsense"])
def test_logout_without_a_good_refresh_token_is_refused(token: str, signed_in: Browser) -> None:
    signed_in.refresh_token = token

    response = signed_in.call("post", "rest_logout", {})

    assert (response.status_code, response.json()["code"]) == (400, "token_not_valid")
    assert Session.objects.exists()


def test_logout_does_not_end_somebody_elses_session(signed_in: Browser) -> None:
    somebody = Browser()
    somebody.sign_in(make_user().email)
    signed_in.refresh_token = somebody.refresh_token

    assert signed_in.call("post", "rest_logout", {}).status_code == 400
    assert somebody.refresh().status_code == 200


def test_logout_all_ends_every_session_of_the_caller_only(
    signed_in: Browser, sign_in: Callable[[], Browser]
) -> None:
    other = sign_in()
    somebody = Browser()
    somebody.sign_in(make_user().email)

    response = signed_in.call("post", "rest_logout_all")

    assert response.status_code == 200
    assert response.cookies[REFRESH_COOKIE]["max-age"] == 0
    assert other.refresh().status_code == 401
    assert somebody.refresh().status_code == 200


@pytest.mark.parametrize("name", ["rest_logout", "rest_logout_all"])
def test_logout_needs_an_access_token(name: str, browser: Browser) -> None:
    response = browser.call("post", name, {})

    assert (response.status_code, response.json()["code"]) == (401, "not_authenticated")


@pytest.mark.parametrize("name", ["rest_logout", "rest_logout_all"])
def test_logout_from_a_foreign_page_is_refused(name: str, signed_in: Browser) -> None:
    response = signed_in.call("post", name, {}, headers={"Origin": "https://evil.example"})

    assert (response.status_code, response.json()["code"]) == (403, "origin_not_allowed")
    assert Session.objects.exists()


@pytest.mark.parametrize(("name", "expected"), [("rest_logout", 2), ("rest_logout_all", 5)])
def test_costs_two_queries_and_everywhere_five(
    name: str, expected: int, signed_in: Browser
) -> None:
    with statements(expected):
        assert signed_in.call("post", name, {}).status_code == 200
