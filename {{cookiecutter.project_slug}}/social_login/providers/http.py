"""Requests to a provider. All requests for one sign-in share five seconds.

After a failure there is a pause, so that a slow provider holds few threads.
"""

import base64
import json
import socket
import threading
import time
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

from core import origins

TIMEOUT = 5.0
"""In seconds, for all requests of one ``Connections`` together."""

PAUSE = 15.0
"""The seconds after a failure in which this process does not request the same URL again."""

CACHED_SECONDS = 600.0
MAX_BYTES = 1_000_000

Json = dict[str, Any]
_cache: dict[str, tuple[float, Json]] = {}
_paused_until: dict[str, float] = {}


class ProviderError(Exception):
    """The provider does not answer, or its answer is refused. The text is only for the log."""


class Connections:
    """Follows no redirect, and speaks HTTPS only; to this machine also HTTP."""

    def __init__(self) -> None:
        self._ends_at = time.monotonic() + TIMEOUT

    def get(self, url: str, *, bearer: str = "") -> Any:
        return self._request("GET", url, {"Authorization": f"Bearer {bearer}"} if bearer else {})

    def get_cached(self, url: str, *, again: bool = False) -> Json:
        """A public document of the provider; ``again`` reads it once more."""
        read_at, document = _cache.get(url, (-CACHED_SECONDS, {}))
        if again or read_at + CACHED_SECONDS <= time.monotonic():
            document = as_object(self._request("GET", url, {}, is_document=True))
            _cache[url] = time.monotonic(), document
        return document

    def post(self, url: str, form: dict[str, str], *, client: tuple[str, str] | None = None) -> Any:
        """``client`` is the id and the secret for HTTP Basic (RFC 6749, section 2.3.1)."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if client:
            pair = ":".join(urlencode({"": part})[1:] for part in client)
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        return self._request("POST", url, headers, urlencode(form))

    def _request(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        body: str = "",
        *,
        is_document: bool = False,
    ) -> Any:
        _refuse_paused(url)
        try:
            answer = self._send(method, url, headers, body)
        except ProviderError:
            # Another failure may be that of one user, such as a code that is not valid.
            if is_document or time.monotonic() >= self._ends_at:
                _pause(url, PAUSE)
            else:
                _paused_until.pop(url, None)
            raise
        _paused_until.pop(url, None)
        return answer

    def _send(self, method: str, url: str, headers: dict[str, str], body: str = "") -> Any:
        headers = {"Accept": "application/json", "User-Agent": "social-login", **headers}
        try:
            parts = urlsplit(url)
            connection = _connection(parts, self._remaining())
            target = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
            return self._answer(connection, method, target, body, headers)
        # ValueError: no valid URL, no JSON. RecursionError: JSON that is nested too deeply.
        except (OSError, HTTPException, ValueError, RecursionError) as error:
            raise ProviderError(f"{url}: {type(error).__name__}") from None

    def _answer(self, connection: HTTPConnection, *request: Any) -> Any:
        opened: list[socket.socket] = []
        # Each byte would start the time-out of the socket again.
        timer = threading.Timer(self._remaining(), lambda: _abort([*opened, connection.sock]))
        timer.start()
        try:
            connection.connect()
            # The connection forgets its socket when only the end of the response closes it.
            opened.append(connection.sock)
            connection.request(*request)
            answer = _read(connection.getresponse())
            # What is aborted may look complete.
            self._remaining()
            return answer
        finally:
            timer.cancel()
            connection.close()

    def _remaining(self) -> float:
        seconds = self._ends_at - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds


def as_object(answer: Any) -> Json:
    """Raises ``ProviderError`` for an answer that is no JSON object."""
    if not isinstance(answer, dict):
        raise ProviderError("no JSON object")
    return answer


def is_safe(url: str) -> bool:
    """Whether requests may go there: HTTPS, or a server on this machine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    is_here = host in {"localhost", "127.0.0.1", "::1"} or origins.is_below(host, "localhost")
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_here))


def forget_documents() -> None:
    """Forgets failures, too."""
    _cache.clear()
    _paused_until.clear()


def _pause(url: str, seconds: float) -> None:
    _paused_until[url] = time.monotonic() + seconds


def _refuse_paused(url: str) -> None:
    until = _paused_until.get(url)
    if until is None:
        return
    if time.monotonic() < until:
        raise ProviderError(f"{url}: failed a moment ago")
    # One request tries it. The others are refused until it has a result.
    _pause(url, TIMEOUT)


def _connection(parts: SplitResult, timeout: float) -> HTTPConnection:
    if not is_safe(parts.geturl()):
        raise ValueError("not HTTPS")
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    return kind(parts.hostname or "", parts.port, timeout=timeout)


def _read(response: HTTPResponse) -> Any:
    # A redirect is no success.
    if response.status != 200:
        raise ProviderError(f"status {response.status}")
    body = response.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise ProviderError("too large")
    return json.loads(body)


def _abort(sockets: list[socket.socket | None]) -> None:
    """Ends a request from another thread, which a close would not do."""
    for each in filter(None, sockets):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
