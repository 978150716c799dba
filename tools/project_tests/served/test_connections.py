"""What gunicorn makes of a connection: whether it is kept, and what a header can change."""

import http.client
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from devtools.ports import HOST
from project_tests.served.site import Site
from project_tests.web import served

LIMIT = 65_536
LOGIN, USER = "/api/auth/login/", "/api/auth/user/"
NEXT = f"GET /health/live HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
JSON = "Content-Type: application/json"


@contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    with closing(socket.create_connection((HOST, port), timeout=30)) as connection:
        yield connection


def post(path: str, body: bytes, *headers: str, method: str = "POST") -> bytes:
    known = [f"Host: {HOST}", f"Content-Length: {len(body)}"]
    head = "\r\n".join([f"{method} {path} HTTP/1.1", *known, *headers, "", ""])
    return head.encode() + body


def chunked(path: str, size: int) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nTransfer-Encoding: chunked\r\n\r\n"
    return f"{head}{size:x}\r\n".encode() + b"x" * size + b"\r\n0\r\n\r\n"


def answer(connection: socket.socket) -> tuple[int, str]:
    """The status of the next answer, and what it says of the connection."""
    said = http.client.HTTPResponse(connection)
    said.begin()
    said.read()
    return said.status, said.headers["Connection"]


def is_over(connection: socket.socket) -> bool:
    return connection.recv(1) == b""


LARGE = [
    (413, post(LOGIN, b"x" * (LIMIT + 1), JSON)),
    (413, post("/api/nowhere/", b"x" * 200_000, JSON)),
    (413, post("/admin/login/", b"x" * 200_000)),
    (411, chunked(LOGIN, 2)),
    (411, chunked(LOGIN, 200_000)),
    (401, post(USER, b"x" * LIMIT, JSON, method="PATCH")),
    (404, post("/api/nowhere/", b"x" * LIMIT, JSON)),
    (404, post("/nowhere", b"x" * LIMIT)),
    (415, post(LOGIN, b"x" * LIMIT, "Content-Type: text/plain")),
    (405, post(LOGIN, b"x" * LIMIT, JSON, method="PUT")),
    (405, post("/health/live", b"x" * 200_000)),
    (400, post(LOGIN, b"x" * LIMIT, JSON)),
]


@pytest.mark.parametrize(("status", "request_"), LARGE)
def test_answer_before_a_large_body_was_read_says_that_the_connection_ends(
    status: int, request_: bytes, site: Site
) -> None:
    with connected(site.web.port) as connection:
        connection.sendall(request_)

        assert answer(connection) == (status, "close")
        assert is_over(connection)


SMALL = [
    (401, post(USER, b"x" * 60_000, JSON, method="PATCH")),
    (404, post("/api/nowhere/", b"x" * 60_000, JSON)),
    (404, post("/api/auth/login", b"{}", JSON)),
    (415, post(LOGIN, b"x" * 60_000, "Content-Type: text/plain")),
    (400, post(LOGIN, b"{}", JSON)),
    (405, post("/health/live", b"x" * 60_000)),
]


@pytest.mark.parametrize(("status", "request_"), SMALL)
def test_connection_is_kept_after_a_small_body_whether_it_was_read_or_not(
    status: int, request_: bytes, site: Site
) -> None:
    with connected(site.web.port) as connection:
        connection.sendall(request_)
        assert answer(connection) == (status, "keep-alive")

        connection.sendall(NEXT)

        assert answer(connection) == (200, "keep-alive")


@pytest.mark.parametrize("worker", ["sync", "gthread"])
def test_connection_ends_as_announced_with_each_class_of_worker(
    worker: str, tmp_path: Path
) -> None:
    with served(tmp_path, f"--worker-class={worker}") as web:
        said = web.ask("/says/", "x" * (LIMIT + 1), method="POST")

    assert (said.status, said.headers["Connection"]) == (413, "close")


# Headers


@pytest.mark.parametrize(
    "headers",
    [
        {"SCRIPT_NAME": "/api"},
        {"SCRIPT_NAME": "/api/auth"},
        {"Script-Name": "/api"},
        {"PATH_INFO": "/health/live"},
        {"SCRIPT_NAME": "/somewhere/else"},
        {"REMOTE_USER": "admin"},
    ],
)
def test_client_does_not_set_where_it_is(headers: dict[str, str], site: Site) -> None:
    said = site.ask("GET", USER, headers=headers)

    assert (said.status, said.json()["code"]) == (401, "not_authenticated")


HTTPS = {"X-Forwarded-Proto": "https"}


@pytest.mark.parametrize("headers", [HTTPS, {"X-Forwarded-Ssl": "on"}])
def test_client_does_not_set_the_scheme(headers: dict[str, str], site: Site) -> None:
    assert "Strict-Transport-Security" not in site.ask("GET", "/nowhere", headers=headers).headers


def test_proxy_sets_the_scheme(tmp_path: Path) -> None:
    with served(tmp_path, TRUSTED_PROXY_COUNT="1") as web:
        plain, secure = web.ask("/says/"), web.ask("/says/", **HTTPS)

    assert "Strict-Transport-Security" not in plain.headers
    assert "Strict-Transport-Security" in secure.headers


def test_headers_of_proxies_that_contradict_each_other_are_no_failure(site: Site) -> None:
    headers = {**HTTPS, "X-Forwarded-Ssl": "off"}

    assert site.ask("GET", "/health/live", headers=headers).status == 200
