"""Logout: one session ends, or all of them."""

import pytest

from accounts.api.cookies import REFRESH_COOKIE
from accounts.models import Session, User
from tests.client import Browser
from tests.flows.steps import refusal, signed_in_as
from tests.people import make_user
from tests.queries import statements

pytestmark = pytest.mark.django_db


def test_logout_ends_the_session_and_clears_the_cookie(signed_in: Browser) -> None:
    response = signed_in.sign_out()

    assert response.status_code == 200
    assert response.json() == {"detail": "You have been signed out."}
    cookie = response.cookies[REFRESH_COOKIE]
    assert (cookie.value, cookie["max-age"], cookie["path"]) == ("", 0, "/api/auth/")
    assert not Session.objects.exists()


def test_logout_ends_a_session_that_another_tab_has_rotated(signed_in: Browser) -> None:
    signed_in.refresh_token = signed_in.rotate()

    assert signed_in.sign_out().status_code == 200
    assert not Session.objects.exists()


@pytest.mark.parametrize("token", ["", "nonsense"])
def test_logout_without_a_valid_refresh_token_is_refused(token: str, signed_in: Browser) -> None:
    signed_in.refresh_token = token

    assert refusal(signed_in.sign_out()) == (400, "token_not_valid")
    assert Session.objects.exists()


def test_logout_does_not_end_the_session_of_another_user(signed_in: Browser) -> None:
    other = signed_in_as(make_user())
    signed_in.refresh_token = other.refresh_token

    assert signed_in.sign_out().status_code == 400
    assert other.refresh().status_code == 200


def test_logout_all_ends_every_session_of_the_caller_only(signed_in: Browser, user: User) -> None:
    same_user, other_user = signed_in_as(user), signed_in_as(make_user())

    response = signed_in.sign_out_everywhere()

    assert response.status_code == 200
    assert response.cookies[REFRESH_COOKIE]["max-age"] == 0
    assert same_user.refresh().status_code == 401
    assert other_user.refresh().status_code == 200


@pytest.mark.parametrize("name", ["rest_logout", "rest_logout_all"])
def test_logout_from_a_foreign_page_is_refused(name: str, signed_in: Browser) -> None:
    response = signed_in.call("post", name, {}, headers={"Origin": "https://evil.example"})

    assert refusal(response) == (403, "origin_not_allowed")
    assert Session.objects.exists()


@pytest.mark.parametrize(("name", "expected"), [("rest_logout", 3), ("rest_logout_all", 8)])
def test_query_count(name: str, expected: int, signed_in: Browser) -> None:
    with statements(expected):
        assert signed_in.call("post", name, {}).status_code == 200
