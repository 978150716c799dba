"""The API is mounted where the owner wants it, and its cookies, errors and headers follow."""

from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib import admin
from django.urls import include, path, reverse, set_script_prefix

from accounts.api.cookies import DEVICE_COOKIE, REFRESH, REFRESH_COOKIE
from accounts.link_cookies import INVITATION_COOKIE, PASSWORD_RESET_COOKIE
from accounts.models import User
from core import checks
from tests.client import Browser
from tests.flows.steps import refusal, signed_in_admin
from tests.mailbox import link_to
from tests.people import PASSWORD, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

urlpatterns = [
    path("v1/accounts/", include("accounts.urls")),
    path(django_settings.ADMIN_URL, admin.site.urls),
]
handler404 = "core.error_responses.not_found"
handler500 = "core.error_responses.server_error"


@pytest.fixture(autouse=True)
def _mounted(settings: Any) -> None:
    settings.API_URL = "v1/"


def test_sign_in_refresh_and_logout(browser: Browser, user: User) -> None:
    response = browser.sign_in(user.email)

    assert response.wsgi_request.path == "/v1/accounts/login/"
    for name in (REFRESH_COOKIE, DEVICE_COOKIE):
        assert response.cookies[name]["path"] == "/v1/accounts/"
    refreshed = browser.refresh()
    assert refreshed.status_code == 200
    assert refreshed.cookies[REFRESH_COOKIE]["path"] == "/v1/accounts/"
    cleared = browser.call("post", "rest_logout", {})
    assert cleared.cookies[REFRESH_COOKIE]["path"] == "/v1/accounts/"


def test_cookie_of_the_former_path_is_deleted(browser: Browser, user: User) -> None:
    browser.sign_in(user.email)
    cookie = {"Cookie": f"{REFRESH_COOKIE}={browser.refresh_token}; {REFRESH_COOKIE}=old"}

    response = Browser().call("post", "token_refresh", {}, headers=cookie)

    paths = {morsel["path"] for morsel in response.cookies.values() if not morsel.value}
    assert response.status_code == 200
    assert paths == {"/", "/v1", "/v1/", "/v1/accounts"}


def test_reset_sets_the_password(browser: Browser, user: User) -> None:
    browser.request_reset(user.email)

    opened = browser.get(link_to(user.email))

    assert opened["Location"] == "/v1/accounts/password/reset/default/"
    assert opened.cookies[PASSWORD_RESET_COOKIE.name]["path"] == "/v1/accounts/password/reset/"
    assert browser.get(opened["Location"]).status_code == 200
    done = browser.set_new()
    assert done.status_code == 200
    cleared = done.cookies[PASSWORD_RESET_COOKIE.name]
    assert (cleared.value, cleared["path"]) == ("", "/v1/accounts/password/reset/")


def test_invitation_sets_the_password(browser: Browser, settings: Any) -> None:
    settings.JWT_ALLAUTH_INVITATIONS = True
    settings.PASSWORD_SET_REDIRECT = ""
    signed_in_admin().invite("new@example.test")

    opened = browser.get(link_to("new@example.test"))

    path = "/v1/accounts/registration/set-password/"
    assert opened.cookies[INVITATION_COOKIE.name]["path"] == path
    assert browser.accept().status_code == 200


def test_unknown_path_is_json_here_and_a_page_elsewhere(browser: Browser) -> None:
    assert refusal(browser.get("/v1/nowhere/")) == (404, "not_found")
    assert browser.get("/api/nowhere/")["Content-Type"].startswith("text/html")


def test_admin_is_where_it_was() -> None:
    admin_user, browser = make_user(role=User.Role.ADMIN), Browser(enforce_csrf_checks=False)
    page = browser.get(reverse("admin:login"))
    form = {"username": admin_user.email, "password": PASSWORD}
    form["csrfmiddlewaretoken"] = page.cookies["csrftoken"].value

    response = browser.post(reverse("admin:login"), form)

    assert response.status_code == 302
    assert response.cookies[DEVICE_COOKIE]["path"] == f"/{django_settings.ADMIN_URL}"


def test_cookies_follow_a_prefix_of_the_server() -> None:
    set_script_prefix("/shop/")
    try:
        path = REFRESH.path
    finally:
        set_script_prefix("/")

    assert path == "/shop/v1/accounts/"


@pytest.mark.parametrize(
    "url",
    ["/", "", "//", "health/", "static/", "mailbox/x/", "a b/", "^api/", "<x>/", "é/", "a//b/"],
)
def test_bad_value_of_api_url_stops_the_start(url: str, settings: Any) -> None:
    settings.API_URL = url

    problems = [message.msg for message in checks._paths()]

    assert problems
    assert all(problem.startswith("API_URL ") for problem in problems)
