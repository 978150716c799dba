"""No input makes an endpoint crash, open a session or answer outside the contract.

The endpoints are those of ``accounts.urls``: one that is added there is tested here.
"""

import string
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.api.cookies import REFRESH_COOKIE
from accounts.models import Session, User
from accounts.urls import urlpatterns
from tests.client import Browser
from tests.inputs import junk
from tests.inputs.endpoints import METHODS, Endpoint, Operation, endpoints, operations
from tests.inputs.facts import hold
from tests.people import make_user

pytestmark = pytest.mark.django_db

FORMS = ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
"""What a page of another site can send with a browser's cookies."""
HEADERS = [
    *("Accept", "Accept-Encoding", "Accept-Language", "Access-Control-Request-Method"),
    *("Authorization", "Content-Type", "Expect", "Host", "If-Modified-Since", "If-None-Match"),
    *("Origin", "Range", "Referer", "User-Agent", "X-Csrftoken", "X-Forwarded-For"),
    *("X-Forwarded-Host", "X-Forwarded-Proto", "X-Http-Method-Override", "X-Known-Device"),
    "X-Trusted-Device",
    *("X-Request-Id", "Forwarded", "Te", "Via", "Cookie"),
]
COOKIES = [
    *("refresh_token", "password_reset_access_token", "set_password_access_token"),
    *("csrftoken", "__Host-sessionid", "known_device", "trusted_device", "messages"),
]
ROUTES = [str(each.pattern) for each in urlpatterns if each.pattern.converters]
PURPOSES = ["sign_up.", "email_change.", "invitation.", "password_reset.", ""]

any_endpoint = st.sampled_from(endpoints())
any_method = st.sampled_from(METHODS)
path_parts = st.one_of(
    st.sampled_from(junk.TEXTS).filter(lambda text: len(text) < 5_000),
    junk.any_text,
    st.text(string.ascii_letters + ":.-_=", min_size=1, max_size=80),
    st.binary(max_size=30),
)


@pytest.fixture
def user(db: None) -> User:
    """One that may use every endpoint."""
    return make_user(role=User.Role.ADMIN)


def send(method: str, path: str, body: bytes = b"{}", **options: Any) -> Any:
    """As JSON; ``headers`` may say otherwise. Fails if the answer is outside the contract.

    Args:
        options: ``browser`` with an access token, ``is_page``, ``headers``, and of the test client.
    """
    sessions = Session.objects.count()
    browser = options.pop("browser", None) or Client()
    is_page = options.pop("is_page", False)
    bearer = {"Authorization": f"Bearer {browser.access}"} if hasattr(browser, "access") else {}
    headers = {"Content-Type": "application/json"} | bearer | options.pop("headers", {})
    response = browser.generic(method, path, body, headers=headers, **options)
    hold(response, sessions=sessions, is_page=is_page)
    return response


@given(endpoint=any_endpoint, method=any_method, body=junk.bodies)
@junk.more
def test_any_bytes(signed_in: Browser, endpoint: Endpoint, method: str, body: bytes) -> None:
    send(method, endpoint.path, body, browser=signed_in, is_page=endpoint.is_page)


@given(operation=st.sampled_from(operations()), data=st.data())
@junk.more
def test_any_value_in_a_field(signed_in: Browser, operation: Operation, data: Any) -> None:
    body: dict[str, Any] = dict(operation.body)
    body[data.draw(st.sampled_from([*body, "unknown"]))] = data.draw(junk.values)
    write = data.draw(st.sampled_from([junk.encoded, junk.raw]))

    send(operation.method, operation.path, write(body), browser=signed_in)


@pytest.mark.parametrize("operation", operations(), ids=str)
def test_body_that_is_no_object_is_refused(operation: Operation, signed_in: Browser) -> None:
    for body in junk.NO_OBJECTS:
        response = send(operation.method, operation.path, body, browser=signed_in)

        assert 400 <= response.status_code < 500, body


@pytest.mark.parametrize("operation", operations(), ids=str)
def test_form_is_refused(operation: Operation, signed_in: Browser) -> None:
    for content_type in FORMS:
        headers = {"Content-Type": content_type}
        response = send(
            operation.method, operation.path, b"a=b", browser=signed_in, headers=headers
        )

        # Without the cookie of a link a request is refused before its body is read.
        assert response.status_code in {401, 415}, content_type


@given(
    endpoint=any_endpoint,
    method=any_method,
    headers=st.dictionaries(st.sampled_from(HEADERS), junk.headers, min_size=1, max_size=4),
)
@junk.more
def test_any_headers(endpoint: Endpoint, method: str, headers: dict[str, str]) -> None:
    send(method, endpoint.path, is_page=endpoint.is_page, headers=headers)


@given(
    endpoint=any_endpoint,
    method=any_method,
    cookies=st.lists(st.tuples(st.sampled_from(COOKIES), junk.cookies), min_size=1, max_size=4),
)
@junk.more
def test_any_cookies(endpoint: Endpoint, method: str, cookies: list[tuple[str, str]]) -> None:
    sent = "; ".join(f"{name}={value}" for name, value in cookies)

    send(method, endpoint.path, is_page=endpoint.is_page, headers={"Cookie": sent})


@pytest.mark.parametrize("as_cookie", [True, False])
@given(token=junk.cookies)
@junk.few
def test_any_refresh_token_is_refused(settings: Any, as_cookie: bool, token: str) -> None:
    settings.JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE = as_cookie
    headers = {"Cookie": f"{REFRESH_COOKIE}={token}"} if as_cookie else {}
    body = junk.encoded({} if as_cookie else {"refresh": token})

    response = send("POST", "/api/auth/refresh/", body, headers=headers)

    assert response.status_code in {400, 401}
    assert not response.cookies


@given(agent=junk.headers, forwarded=junk.headers)
@junk.few
def test_any_client_signs_in(settings: Any, user: User, agent: str, forwarded: str) -> None:
    settings.TRUSTED_PROXY_COUNT = 1
    browser = Browser(headers={"User-Agent": agent, "X-Forwarded-For": forwarded})

    assert browser.sign_in(user.email).status_code == 200
    assert browser.call("get", "session_list").status_code == 200


def filled(route: str, values: list[str]) -> str:
    """The route with these values in place of what stands in angle brackets."""
    rest = iter(values)
    return "/".join(next(rest) if "<" in part else part for part in route.split("/"))


def as_bytes(part: str | bytes) -> bytes:
    return part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("route", ROUTES)
@given(data=st.data(), method=any_method)
@junk.few
def test_any_part_of_a_path(route: str, method: str, data: Any) -> None:
    values = [
        quote(
            data.draw(st.sampled_from(PURPOSES)).encode() + as_bytes(data.draw(path_parts)), safe=""
        )
        for _ in range(route.count("<"))
    ]

    send(method, "/api/auth/" + filled(route, values), b"", is_page=True)


@given(
    endpoint=any_endpoint,
    method=any_method,
    query=path_parts.map(as_bytes).map(quote) | junk.headers,
)
@junk.more
def test_any_query(endpoint: Endpoint, method: str, query: str) -> None:
    query = f"format={query}&{query}"

    send(method, endpoint.path, is_page=endpoint.is_page, QUERY_STRING=query)
