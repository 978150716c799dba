"""Bodies that the parser refuses: no JSON, or declared as another type or encoding."""

import pytest
from django.test import Client

from tests.inputs import junk
from tests.inputs.facts import hold

pytestmark = pytest.mark.django_db

CONTENT_TYPES = [
    *("", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"),
    *("multipart/form-data", "nonsense", "application/xml"),
    *("application/json-patch+json", "*/*", "application/*", "*/json", "*"),
    *("application/jso\x00n", ";", "application/", "/", "é", "text/html; charset=utf-8"),
]


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
