"""Providers that are down, slow or odd."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from social_login.demo.provider import DemoProvider
from social_login.providers import http
from social_login.providers.http import Connections, ProviderError
from social_login.tests.steps import authorize, call_back, query_of, start
from tests.client import Browser
from tests.flows.steps import refusal

OK = b"HTTP/1.1 200 OK\r\n"


@contextmanager
def answering(answer: Callable[[socket.socket], Any]) -> Iterator[str]:
    """A server that treats each connection so."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection, suppress(OSError):
                        connection.recv(10_000)
                        answer(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


def drip(connection: socket.socket) -> None:
    """A byte now and then, for ever: each starts the time-out of a socket again."""
    connection.sendall(OK)
    while True:
        connection.sendall(b"X: y\r\n")
        threading.Event().wait(0.01)


def drip_body(connection: socket.socket) -> None:
    connection.sendall(OK + b"\r\n{")
    while True:
        connection.sendall(b" ")
        threading.Event().wait(0.01)


def hang(connection: socket.socket) -> None:
    connection.recv(1)


@pytest.mark.parametrize("answer", [drip, drip_body, hang])
def test_a_slow_provider_holds_no_thread_longer_than_the_time_out(
    answer: Callable[[socket.socket], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "TIMEOUT", 0.3)
    with answering(answer) as url:
        begun = time.monotonic()
        with pytest.raises(ProviderError):
            Connections().get(url)

    assert time.monotonic() - begun < 10


def test_the_time_is_that_of_all_requests_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "TIMEOUT", 0.0)
    with answering(lambda c: c.sendall(OK + b"\r\n{}")) as url, pytest.raises(ProviderError):
        Connections().get(url)


def test_the_time_is_five_seconds() -> None:
    assert http.TIMEOUT == 5


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n",
        b"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:9/\r\n\r\n",
        b"HTTP/1.1 500 Oops\r\n\r\n{}",
        OK + b"\r\nno json",
        OK + b"\r\n" + b"[" * 100_000,
        OK + b"\r\n\xff\xfe",
        OK + b"\r\n" + b" " * (http.MAX_BYTES + 1),
        b"what?",
        b"",
    ],
)
def test_an_odd_answer_is_refused(answer: bytes) -> None:
    with answering(lambda c: c.sendall(answer)) as url, pytest.raises(ProviderError):
        Connections().get(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://provider.example/",
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "https://",
        "https://[",
        "",
        "//provider.example",
        "http://127.0.0.1.evil.example/",
    ],
)
def test_nothing_else_than_https_is_asked(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_: Any, **__: Any) -> None:
        raise AssertionError("It connects.")

    monkeypatch.setattr(socket, "create_connection", connect)

    with pytest.raises(ProviderError):
        Connections().get(url)


def test_a_provider_that_is_down_is_an_error_of_its_own(guest: Browser, settings: Any) -> None:
    with answering(lambda c: None) as url:
        settings.SOCIAL_PROVIDERS["oidc"]["issuer"] = url

        assert refusal(start(guest)) == (503, "provider_error")


def test_a_provider_that_goes_down_meanwhile_leads_back(
    guest: Browser, demo: DemoProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    parameters = authorize(start(guest).json()["authorization_url"])
    monkeypatch.setattr(demo, "exchange", lambda form: [])

    response = call_back(guest, parameters)

    assert query_of(response["Location"]) == {"error": "provider_error"}


def test_documents_of_the_provider_are_read_once(
    guest: Browser, demo: DemoProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(guest)

    def fail() -> None:
        raise AssertionError("It is read again.")

    monkeypatch.setattr(demo, "discovery", fail)

    assert start(guest).status_code == 200
