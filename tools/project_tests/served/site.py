"""The project as gunicorn serves it in production, on servers of its own, which may be killed."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from threading import Event
from typing import Any

import psycopg
import redis

from config.env import BASE_DIR
from devtools import gunicorn, places, postgres, valkey
from devtools.places import Place
from devtools.ports import HOST
from devtools.processes import Children
from tests.limits import NEVER_REACHED
from tests.people import PASSWORD
from tests.waiting import until

EMAIL = "ada@example.test"
THREADS = 4

_PREPARE = """
import django
django.setup()
from django.core.management import call_command
from tests.people import make_user
call_command("migrate", verbosity=0)
make_user(email="ada@example.test", is_superuser=True, role="ADMIN")
"""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    cookies: list[str]
    body: str
    seconds: float

    def json(self) -> Any:
        return json.loads(self.body)

    def cookie(self, name: str) -> str:
        """As the browser sends it back."""
        [cookie] = [text for text in self.cookies if text.startswith(f"{name}=")]
        return cookie.split(";")[0]


class Begun:
    """A request that gunicorn has begun to read, and whose rest is still to come."""

    def __init__(self, port: int, path: str, fields: dict[str, str]) -> None:
        body = json.dumps(fields).encode()
        self._rest = body[1:]
        self._connection = http.client.HTTPConnection(HOST, port, timeout=30)
        self._connection.putrequest("POST", path)
        self._connection.putheader("Content-Type", "application/json")
        self._connection.putheader("Content-Length", str(len(body)))
        self._connection.endheaders(body[:1])

    def finish(self) -> int:
        """Returns the status of the answer."""
        with closing(self._connection):
            self._connection.send(self._rest)
            return self._connection.getresponse().status


class Site:
    """Made by ``serving``."""

    def __init__(self, children: Children, place: Place, **environment: str) -> None:
        self._children, self._place = children, place
        self._environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "devtools.production_settings",
            "DATABASE_URL": self.start_database(),
            "REDIS_URL": self.start_redis(),
            # What was committed has to be there when the server was killed; the machine goes on.
            "PGOPTIONS": "-c synchronous_commit=on",
            "JWT_ALLAUTH_MFA_TOTP_MODE": "disabled",
            "JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE": "True",
            "THROTTLE_RATES": NEVER_REACHED,
            **environment,
        }
        self.run(_PREPARE)
        self.web = self.start_web("gunicorn")

    def start_web(self, name: str) -> gunicorn.Web:
        """One worker: each has connections and threads of its own."""
        return gunicorn.start(
            self._children,
            *("--workers=1", f"--threads={THREADS}"),
            log=self._place.log(name),
            environment=self._environment,
        )

    def run(self, script: str) -> None:
        """A program in Python with the site's settings; fails if it does."""
        subprocess.run(  # noqa: S603  our own script
            [sys.executable, "-c", script], cwd=BASE_DIR, env=self._environment, check=True
        )

    def end(self, web: gunicorn.Web) -> int:
        """Waits until it has ended, and returns its exit code."""
        return self._children.wait(web.process)

    # Its servers

    def start_database(self) -> str:
        return postgres.start(self._children, self._place)

    def kill_database(self) -> None:
        pid_file = self._place.postgres / "postmaster.pid"
        self._kill(int(pid_file.read_text().split()[0]))

    def connections(self) -> set[int]:
        """The processes of PostgreSQL that serve somebody else than us."""
        # By its name, for the one that served us before may not have ended yet.
        others = (
            "SELECT pid FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND application_name <> 'onlooker'"
        )
        url = self._environment["DATABASE_URL"]
        with psycopg.connect(url, application_name="onlooker") as connection:
            return {row[0] for row in connection.execute(others)}

    def start_redis(self) -> str:
        return valkey.start(self._children, self._place)

    def kill_redis(self) -> None:
        with redis.Redis.from_url(self._environment["REDIS_URL"], decode_responses=True) as client:
            self._kill(int(client.info("server")["process_id"]))

    def _kill(self, server: int) -> None:
        """With all processes that it has, as a machine that fails."""
        os.killpg(server, signal.SIGKILL)
        until(self._children.take_ended)

    # Its clients

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Answer:
        begun = time.monotonic()
        content = {} if body is None else {"Content-Type": "application/json"}
        with closing(http.client.HTTPConnection(HOST, self.web.port, timeout=30)) as connection:
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, content | (headers or {}))
            answer = connection.getresponse()
            said = answer.read().decode()
        headers, cookies = dict(answer.getheaders()), answer.headers.get_all("Set-Cookie") or []
        return Answer(answer.status, headers, cookies, said, time.monotonic() - begun)

    def send(self, request: bytes) -> Answer:
        """Sends these bytes and nothing after them."""
        begun = time.monotonic()
        with closing(socket.create_connection((HOST, self.web.port), timeout=60)) as connection:
            connection.sendall(request)
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            said = answer.read().decode(errors="replace")
        headers = dict(answer.getheaders())
        return Answer(answer.status, headers, [], said, time.monotonic() - begun)

    def sign_in(self) -> Answer:
        return self.ask("POST", "/api/auth/login/", {"email": EMAIL, "password": PASSWORD})

    def profile(self, access: str) -> Answer:
        return self.ask("GET", "/api/auth/user/", headers={"Authorization": f"Bearer {access}"})

    @contextmanager
    def load(self, *requests: Callable[[], Answer]) -> Iterator[list[Answer]]:
        """Each request again and again until the end of the ``with`` block; all the answers."""
        answers: list[Answer] = []
        over = Event()

        def repeat(request: Callable[[], Answer]) -> None:
            while not over.is_set():
                answers.append(request())

        with ThreadPoolExecutor(len(requests)) as clients:
            running = [clients.submit(repeat, request) for request in requests]
            try:
                yield answers
            finally:
                over.set()
        for each in running:
            each.result()


@contextmanager
def serving(**environment: str) -> Iterator[Site]:
    place = places.throwaway()
    with Children(remove=place.sockets) as children:
        yield Site(children, place, **environment)
