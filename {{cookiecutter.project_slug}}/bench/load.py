"""Clients that send requests over persistent connections, each after its last response."""

import gc
import http.client
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import cycle
from threading import Event
from typing import Any

from accounts.api.cookies import REFRESH_COOKIE
from devtools.errors import DevtoolsError
from devtools.ports import HOST

TIMEOUT = 30
"""Seconds for one response."""

Until = Callable[[], bool]
"""Returns whether to stop. Called after each response."""


@dataclass
class Person:
    """A user who is signed in on one device, and its tokens."""

    email: str
    access: str
    refresh: str
    device_token: str

    def keep(self, answer: http.client.HTTPResponse, body: dict[str, Any]) -> None:
        """Keeps the tokens of a response, from its cookies or its body."""
        cookies = [text.partition(";")[0] for text in answer.headers.get_all("Set-Cookie") or []]
        given = body | dict(cookie.split("=", 1) for cookie in cookies)
        self.access = given["access"]
        self.refresh = given.get(REFRESH_COOKIE) or given["refresh"]


def bearer(person: Person) -> dict[str, str]:
    return {"Authorization": f"Bearer {person.access}"}


@dataclass(frozen=True)
class Operation:
    """A request that is measured.

    Attributes:
        headers, body: functions that return what to send; None for no body.
        gives_tokens: whether the tokens of the response replace those of the user.
        settings: the settings module of the web server.
    """

    name: str
    method: str
    path: str
    headers: Callable[[Person], dict[str, str]] = bearer
    body: Callable[[Person], dict[str, Any]] | None = None
    gives_tokens: bool = False
    settings: str = "bench.settings"

    def ask(self, connection: http.client.HTTPConnection, person: Person) -> None:
        """
        Raises:
            DevtoolsError: the status is not 2xx.
        """
        headers, text = self.headers(person), None
        if self.body:
            headers = {"Content-Type": "application/json", **headers}
            text = json.dumps(self.body(person))
        connection.request(self.method, self.path, text, headers)
        answer = connection.getresponse()
        said = answer.read()
        if answer.status // 100 != 2:
            said_so = f"{self.path} returned {answer.status} {_reason(said)}".strip()
            raise DevtoolsError(f"{self.name}: {said_so}, which is not a success.")
        if self.gives_tokens:
            person.keep(answer, json.loads(said))


def _reason(said: bytes) -> str:
    """Returns the error code, or the beginning of a JSON response without one."""
    try:
        answer = json.loads(said)
    except ValueError:
        return ""
    has_code = isinstance(answer, dict) and "code" in answer
    return str(answer["code"]) if has_code else said[:200].decode(errors="replace")


@dataclass(frozen=True)
class Load:
    """The result of a run. ``waits`` has the milliseconds of each response, sorted."""

    seconds: float
    waits: list[float]

    @property
    def per_second(self) -> float:
        return len(self.waits) / self.seconds

    def percentile(self, percent: int) -> float:
        """Returns the milliseconds within which this percentage of the responses arrived."""
        return self.waits[min(len(self.waits) * percent // 100, len(self.waits) - 1)]


def connect(port: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(HOST, port, timeout=TIMEOUT)


def lasting(seconds: float) -> Until:
    """Returns a function that tells whether the seconds have passed."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end


def run(
    port: int,
    operation: Operation,
    people: list[Person],
    *,
    connections: int,
    until: Until,
) -> Load:
    """Sends requests over several connections at once. The users of a connection take turns.

    Raises:
        DevtoolsError: a status is not 2xx, or there is no response.
    """
    over = Event()

    def repeat(mine: list[Person]) -> list[float]:
        return _repeat(port, operation, mine, lambda: over.is_set() or until())

    # Otherwise garbage collection of the loaded modules would pause all clients.
    gc.freeze()
    turns = [mine for start in range(connections) if (mine := people[start::connections])]
    begun = time.perf_counter()
    with ThreadPoolExecutor(len(turns)) as clients:
        try:
            waits = [wait for each in clients.map(repeat, turns) for wait in each]
        except (OSError, http.client.HTTPException) as error:
            raise DevtoolsError(f"{operation.name}: no response ({error!r}).") from None
        finally:
            over.set()
    return Load(time.perf_counter() - begun, sorted(waits))


def _repeat(port: int, operation: Operation, people: list[Person], until: Until) -> list[float]:
    waits = []
    with closing(connect(port)) as connection:
        for person in cycle(people):
            begun = time.perf_counter()
            operation.ask(connection, person)
            waits.append(1_000 * (time.perf_counter() - begun))
            if until():
                break
    return waits
