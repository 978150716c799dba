"""Whatever is in a header or a cookie, the answer is one that the contract knows."""

from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.api.cookies import REFRESH_COOKIE
from accounts.models import Session
from tests.client import Browser
from tests.inputs import junk
from tests.inputs.endpoints import METHODS, Endpoint, endpoints
from tests.inputs.facts import hold

pytestmark = pytest.mark.django_db

HEADERS = [
    *("Accept", "Accept-Encoding", "Accept-Language", "Access-Control-Request-Method"),
    *("Authorization", "Content-Type", "Expect", "Host", "If-Modified-Since", "If-None-Match"),
    *("Origin", "Range", "Referer", "User-Agent", "X-Csrftoken", "X-Forwarded-For"),
    *("X-Forwarded-Host", "X-Forwarded-Proto", "X-Http-Method-Override", "X-Known-Device"),
    *("X-Request-Id", "Forwarded", "Te", "Via", "Cookie"),
]
COOKIES = [
    *("refresh_token", "password_reset_access_token", "set_password_access_token"),
    *("csrftoken", "__Host-sessionid", "known_device", "messages"),
]
AUTHORIZATIONS = [
    *("", "Bearer", "Bearer ", "bearer x", "Bearer  x", "Bearer a b", "Bearer\tx", "Bearer \x00"),
    *("Basic dTpw", "Digest x", "JWT x", "Token x", "Bearer é", "Bearer ..", "Bearer a.b.c", "é"),
    *("Bearer " + "a" * 7_000, "Bearer " + "." * 7_000, "Bearer Bearer x", "Bearer,x", "\x00"),
]


@given(
    endpoint=st.sampled_from(endpoints()),
    method=st.sampled_from(METHODS),
    headers=st.dictionaries(st.sampled_from(HEADERS), junk.headers, min_size=1, max_size=4),
)
@junk.more
def test_any_headers(endpoint: Endpoint, method: str, headers: dict[str, str]) -> None:
    sessions = Session.objects.count()

    response = Client().generic(
        method, endpoint.path, b"{}", headers={"Content-Type": "application/json"} | headers
    )

    hold(response, sessions=sessions, is_page=endpoint.is_page)


@given(
    endpoint=st.sampled_from(endpoints()),
    method=st.sampled_from(METHODS),
    cookies=st.lists(st.tuples(st.sampled_from(COOKIES), junk.cookies), min_size=1, max_size=4),
)
@junk.more
def test_any_cookies(endpoint: Endpoint, method: str, cookies: list[tuple[str, str]]) -> None:
    sessions = Session.objects.count()
    sent = "; ".join(f"{name}={value}" for name, value in cookies)

    response = Client().generic(
        method, endpoint.path, b"{}", "application/json", headers={"Cookie": sent}
    )

    hold(response, sessions=sessions, is_page=endpoint.is_page)


@pytest.mark.parametrize("as_cookie", [True, False])
@given(token=junk.cookies)
@junk.few
def test_any_refresh_token_is_refused(settings: Any, as_cookie: bool, token: str) -> None:
    settings.JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE = as_cookie
    headers = {"Cookie": f"{REFRESH_COOKIE}={token}"} if as_cookie else {}
    body = junk.encoded({} if as_cookie else {"refresh": token})

    response = Client().generic(
        "POST", "/api/auth/refresh/", body, "application/json", headers=headers
    )

    hold(response)
    assert response.status_code in {400, 401}
    assert not response.cookies


@pytest.mark.parametrize("header", AUTHORIZATIONS)
def test_any_authorization_is_refused(header: str) -> None:
    response = Client().get("/api/auth/user/", headers={"Authorization": header})

    hold(response)
    assert response.status_code == 401


@pytest.mark.parametrize("header", AUTHORIZATIONS)
def test_public_endpoint_ignores_any_authorization(header: str) -> None:
    response = Browser().call("post", "rest_login", {}, headers={"Authorization": header})

    assert response.status_code == 400
    assert response.json().keys() == {"email", "password"}


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "*/*", "", ";", "a/b;q=é", "x"])
def test_answers_stay_json(accept: str) -> None:
    response = Client().get("/api/auth/user/", headers={"Accept": accept})

    hold(response)
    assert response["Content-Type"] == "application/json"


@pytest.mark.parametrize("host", ["", "evil.test", "a b", "\x00", "é", "[::1", "testserver:99999x"])
def test_any_other_host_is_refused(host: str) -> None:
    response = Client().get("/api/auth/user/", headers={"Host": host})

    hold(response)
    assert response.status_code == 400


@given(agent=junk.headers, forwarded=junk.headers)
@junk.few
def test_any_client_signs_in(settings: Any, user: Any, agent: str, forwarded: str) -> None:
    settings.TRUSTED_PROXY_COUNT = 1
    browser = Browser(headers={"User-Agent": agent, "X-Forwarded-For": forwarded})

    assert browser.sign_in(user.email).status_code == 200
    assert browser.call("get", "session_list").status_code == 200
