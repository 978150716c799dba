"""Providers that are down, slow or odd."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from social_login.demo.provider import DemoProvider, RefusedError
from social_login.providers import http
from social_login.providers.http import Connections, ProviderError
from social_login.providers.openid import DISCOVERY
from social_login.tests.steps import authorize, call_back, error_of, query_of, sign_in, start
from tests.client import Browser
from tests.flows.steps import refusal

OK = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture(autouse=True)
def no_pause() -> None:
    """The port of an earlier test may be in use again."""
    http.forget_documents()


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


# The pause after a failure


def refuse(*_: Any) -> Any:
    raise RefusedError


def reason_of(url: str) -> str:
    """Why the document cannot be read; "" if it can."""
    try:
        Connections().get_cached(url, again=True)
    except ProviderError as error:
        return str(error)
    return ""


def test_the_pause_is_fifteen_seconds() -> None:
    assert http.PAUSE == 15


def test_a_provider_that_has_failed_is_not_asked_in_the_pause(
    guest: Browser, demo: DemoProvider
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "discovery", refuse)
        assert refusal(start(guest)) == (503, "provider_error")

    assert refusal(start(guest)) == (503, "provider_error")


def test_a_provider_is_asked_after_the_pause_and_its_failure_is_forgotten(
    guest: Browser, demo: DemoProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "discovery", refuse)
        patch.setattr(http, "PAUSE", 0.0)
        start(guest)

    assert start(guest).status_code == 200
    assert reason_of(demo.issuer + DISCOVERY) == ""


def test_one_request_tries_a_provider_after_the_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "PAUSE", 0.0)
    reasons: list[str] = []
    answers = [b"what?", OK + b"\r\n{}"]

    def answer(connection: socket.socket) -> None:
        if len(answers) == 1:
            # Another request comes while the first one waits for this response.
            reasons.append(reason_of(url))
        connection.sendall(answers.pop(0))

    with answering(answer) as url:
        assert reason_of(url) != ""
        assert reason_of(url) == ""

    assert reasons == [f"{url}: failed a moment ago"]


def test_a_provider_that_does_not_exchange_a_code_in_time_is_not_asked_in_the_pause(
    guest: Browser, demo: DemoProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests: list[socket.socket] = []

    def wait(connection: socket.socket) -> None:
        requests.append(connection)
        while connection.recv(1_000):
            pass

    with answering(wait) as url:
        document = demo.discovery() | {"token_endpoint": url}
        monkeypatch.setattr(demo, "discovery", lambda: document)
        guests = [guest, Browser()]
        codes = [authorize(start(each).json()["authorization_url"]) for each in guests]
        monkeypatch.setattr(http, "TIMEOUT", 1.0)
        answers = [call_back(*each)["Location"] for each in zip(guests, codes, strict=True)]

    assert [query_of(answer) for answer in answers] == [{"error": "provider_error"}] * 2
    assert len(requests) == 1


def test_a_code_that_the_provider_refuses_causes_no_pause(
    guest: Browser, demo: DemoProvider
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "exchange", refuse)
        assert error_of(guest) == "provider_error"

    assert sign_in(guest).status_code == 200


def test_a_refusal_after_the_pause_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "PAUSE", 0.0)
    answers = [b"what?", *[b"HTTP/1.1 400 Bad Request\r\n\r\n"] * 2]

    with answering(lambda connection: connection.sendall(answers.pop(0))) as url:
        assert reason_of(url) != ""
        for _ in range(2):
            with pytest.raises(ProviderError, match="status 400"):
                Connections().post(url, {"code": "made up"})
