"""Whatever is in a body, the answer is one that the contract knows."""

from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Session, User
from tests.client import Browser
from tests.inputs import junk
from tests.inputs.endpoints import METHODS, Endpoint, Operation, endpoints, operations
from tests.inputs.facts import hold
from tests.people import make_user

pytestmark = pytest.mark.django_db

FORMS = ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
"""What a page of another site can send with a browser's cookies."""
CONTENT_TYPES = [
    *("", "text/plain", *FORMS, "multipart/form-data", "nonsense", "application/xml"),
    *("application/json-patch+json", "*/*", "application/*", "*/json", "*"),
    *("application/jso\x00n", ";", "application/", "/", "é", "text/html; charset=utf-8"),
]


@pytest.fixture
def user(db: None) -> User:
    """Somebody whom every endpoint lets in."""
    return make_user(role=User.Role.ADMIN)


def bearer(browser: Browser) -> dict[str, str]:
    return {"Authorization": f"Bearer {browser.access}"}


@given(endpoint=st.sampled_from(endpoints()), method=st.sampled_from(METHODS), body=junk.bodies)
@junk.more
def test_any_bytes(signed_in: Browser, endpoint: Endpoint, method: str, body: bytes) -> None:
    sessions = Session.objects.count()

    response = signed_in.generic(
        method, endpoint.path, body, "application/json", headers=bearer(signed_in)
    )

    hold(response, sessions=sessions, is_page=endpoint.is_page)


@pytest.mark.parametrize("body", junk.BODIES, ids=range(len(junk.BODIES)))
def test_body_that_once_broke_a_parser(body: bytes) -> None:
    """The parser is the same for every endpoint."""
    hold(Client().post("/api/auth/login/", body, "application/json"))


@pytest.mark.parametrize(
    "body", [b"{", b'{"a": NaN}', b"\xef\xbb\xbf{}", b'{"a": "\xff"}', b"{}\xf0\x9f", b"\x00"]
)
def test_body_that_is_no_json(body: bytes) -> None:
    """What ends within a character is none either."""
    response = Client().post("/api/auth/login/", body, "application/json")

    assert (response.status_code, response.json()["code"]) == (400, "parse_error")


@pytest.mark.parametrize("operation", operations(), ids=str)
def test_body_that_is_no_object(operation: Operation, signed_in: Browser) -> None:
    for body in junk.NO_OBJECTS:
        response = signed_in.generic(
            operation.method, operation.path, body, "application/json", headers=bearer(signed_in)
        )

        hold(response)
        assert 400 <= response.status_code < 500, body


@given(operation=st.sampled_from(operations()), data=st.data())
@junk.more
def test_any_value_in_a_field(signed_in: Browser, operation: Operation, data: Any) -> None:
    sessions = Session.objects.count()
    body: dict[str, Any] = dict(operation.body)
    body[data.draw(st.sampled_from([*body, "unknown"]))] = data.draw(junk.values)
    write = data.draw(st.sampled_from([junk.encoded, junk.raw]))

    response = signed_in.generic(
        operation.method,
        operation.path,
        write(body),
        "application/json",
        headers=bearer(signed_in),
    )

    hold(response, sessions=sessions)


@pytest.mark.parametrize("operation", operations(), ids=str)
def test_forms_are_not_taken(operation: Operation, signed_in: Browser) -> None:
    for content_type in FORMS:
        response = signed_in.generic(
            operation.method, operation.path, b"a=b", content_type, headers=bearer(signed_in)
        )

        hold(response)
        # Whoever comes without the cookie of a link is refused before the body is looked at.
        assert response.status_code in {401, 415}, content_type


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
def test_only_json_is_taken(content_type: str) -> None:
    response = Client().generic("POST", "/api/auth/login/", b"a=b", content_type)

    hold(response)
    assert response.status_code == 415


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity", "nonsense", "\x00"])
def test_encoded_body_is_not_unpacked(encoding: str) -> None:
    bomb = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\xae\x05\x00C\xbf\xa6\xa3\x02\x00\x00\x00"

    response = Client().generic(
        "POST",
        "/api/auth/login/",
        bomb,
        "application/json",
        headers={"Content-Encoding": encoding},
    )

    hold(response)
    assert response.status_code == 400


@pytest.mark.parametrize("length", ["-1", "", "nonsense", "999999999999", "1e3", "0x10", "\x00"])
def test_length_that_is_none(length: str) -> None:
    response = Client().generic(
        "POST", "/api/auth/login/", b"{}", "application/json", CONTENT_LENGTH=length
    )

    hold(response)
    assert 400 <= response.status_code < 500
