"""People who ask again and again over connections that are kept, each after its last answer."""

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
"""Seconds for one answer."""

Until = Callable[[], bool]
"""Whether it is over; asked after each answer."""


@dataclass
class Person:
    """Somebody who is signed in on one device, with what it has been given."""

    email: str
    access: str
    refresh: str
    device: str

    def keep(self, answer: http.client.HTTPResponse, body: dict[str, Any]) -> None:
        """What a device keeps of an answer with tokens, from its cookies or its body."""
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
        headers, body: what a person sends; without a body there is none.
        gives_tokens: the answer's tokens take the place of the person's.
        settings: the module that it is served with.
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
            DevtoolsError: the answer is no success.
        """
        headers, text = self.headers(person), None
        if self.body:
            headers = {"Content-Type": "application/json", **headers}
            text = json.dumps(self.body(person))
        connection.request(self.method, self.path, text, headers)
        answer = connection.getresponse()
        said = answer.read()
        if answer.status // 100 != 2:
            said_so = f"{self.path} answered {answer.status} {_reason(said)}".strip()
            raise DevtoolsError(f"{self.name}: {said_so}, which is no success.")
        if self.gives_tokens:
            person.keep(answer, json.loads(said))


def _reason(said: bytes) -> str:
    """What an error of ours calls itself; else the beginning of the answer, unless it is a page."""
    try:
        answer = json.loads(said)
    except ValueError:
        return ""
    has_code = isinstance(answer, dict) and "code" in answer
    return str(answer["code"]) if has_code else said[:200].decode(errors="replace")


@dataclass(frozen=True)
class Load:
    """What came of it; ``waits`` are the milliseconds until each answer, the shortest first."""

    seconds: float
    waits: list[float]

    @property
    def per_second(self) -> float:
        return len(self.waits) / self.seconds

    def percentile(self, percent: int) -> float:
        """Milliseconds within which so many percent of the answers came."""
        return self.waits[min(len(self.waits) * percent // 100, len(self.waits) - 1)]


def connect(port: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(HOST, port, timeout=TIMEOUT)


def lasting(seconds: float) -> Until:
    """Whether so many seconds have passed since this was called."""
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
    """Over so many connections at once, each with people of its own, who take turns.

    Raises:
        DevtoolsError: an answer is no success, or there is none.
    """
    over = Event()

    def repeat(mine: list[Person]) -> list[float]:
        return _repeat(port, operation, mine, lambda: over.is_set() or until())

    # Else all would wait while this process looks for garbage in what it has loaded.
    gc.freeze()
    turns = [mine for start in range(connections) if (mine := people[start::connections])]
    begun = time.perf_counter()
    with ThreadPoolExecutor(len(turns)) as clients:
        try:
            waits = [wait for each in clients.map(repeat, turns) for wait in each]
        except (OSError, http.client.HTTPException) as error:
            raise DevtoolsError(f"{operation.name}: no answer ({error!r}).") from None
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
