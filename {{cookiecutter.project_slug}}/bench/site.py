"""The project as it is served in production, on servers of its own; and what each of them uses."""

import http.client
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any, cast

import django
import psutil
import psycopg
import redis
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from psycopg import sql

from config.env import BASE_DIR
from devtools import gunicorn, places, postgres, valkey
from devtools.places import Place
from devtools.ports import HOST
from devtools.processes import Child, Children

_ENVIRONMENT = {
    **gunicorn.ENVIRONMENT,
    "DJANGO_SETTINGS_MODULE": "bench.settings",
    "API_URL": "api/",
    # Whoever has no second factor signs in, and the code that asks for one runs.
    "JWT_ALLAUTH_MFA_TOTP_MODE": "optional",
    # Longer than any run: most operations never renew their tokens.
    "JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME": "3600",
}


@dataclass(frozen=True)
class Served:
    """``started`` is in seconds, until the first answer."""

    port: int
    process: psutil.Process
    started: float

    @property
    def memory(self) -> float:
        """Megabytes of the largest worker that no other process shares, as far as is told."""
        return max(_own_memory(worker) for worker in self.process.children()) / 1e6


@dataclass(frozen=True)
class Site:
    """Made by ``running``."""

    children: Children
    place: Place
    environment: Mapping[str, str]

    def copy_database(self, name: str) -> None:
        """A second one, with the rows it has now. PostgreSQL copies none that is connected to."""
        connection.close()
        with psycopg.connect(postgres.url(self.place, "postgres"), autocommit=True) as server:
            copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            server.execute(copy.format(sql.Identifier(name), sql.Identifier(postgres.DATABASE)))

    def serve(
        self, module: str, *, workers: int, threads: int, database: str = postgres.DATABASE
    ) -> Served:
        """Gunicorn, with the settings of this module."""
        begun = time.monotonic()
        web = gunicorn.start(
            self.children,
            # A worker that is replaced would take its CPU time with it.
            *(f"--workers={workers}", f"--threads={threads}", "--max-requests=0"),
            log=self.place.log(f"{module}.{database}"),
            environment={
                **self.environment,
                "DATABASE_URL": postgres.url(self.place, database),
                "DJANGO_SETTINGS_MODULE": module,
            },
        )
        web.process.wait_until(lambda: _answers(web.port))
        started = time.monotonic() - begun
        return Served(web.port, psutil.Process(web.process.process.pid), started)

    def python(self, name: str, *command: str, **environment: str) -> Child:
        """Starts a Python program of the project; it is killed in the end."""
        return self.children.start(
            name,
            [sys.executable, *command],
            log=self.place.log(name),
            stop_signal=signal.SIGKILL,
            cwd=BASE_DIR,
            environment={**self.environment, **environment},
        )

    @property
    def postgres(self) -> psutil.Process:
        pid_file = self.place.postgres / "postmaster.pid"
        return psutil.Process(int(pid_file.read_text().split()[0]))

    @property
    def valkey(self) -> psutil.Process:
        with redis.Redis.from_url(self.environment["REDIS_URL"]) as client:
            return psutil.Process(int(client.info("server")["process_id"]))


@contextmanager
def running() -> Iterator[Site]:
    """Servers with an empty database; what this process does with Django goes there, too.

    Raises:
        DevtoolsError: they did not start.
    """
    # What production writes to the disk, and waits for, is written here as well.
    place = replace(places.throwaway(), durable=True)
    with Children(remove=place.sockets) as children:
        urls = {
            "DATABASE_URL": postgres.start(children, place),
            "REDIS_URL": valkey.start(children, place),
        }
        os.environ.update(_ENVIRONMENT | urls)
        django.setup()
        call_command("migrate", verbosity=0)
        try:
            yield Site(children, place, os.environ | {"THROTTLE_RATES": _never_reached()})
        finally:
            connection.close()


def _never_reached() -> str:
    """Rates under which everything is counted."""
    scopes = cast(dict[str, Any], settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"])
    rates = dict.fromkeys(scopes, "100000000/day")
    # Ten a second, as it comes: so many are counted with one question.
    rates["user"] = "864000/day"
    return ",".join(f"{scope}={rate}" for scope, rate in rates.items())


class Meter:
    """Reads how much CPU time servers use, with all processes that they have."""

    def __init__(self, **servers: psutil.Process) -> None:
        self._servers = servers
        self._before = {name: _cpu_times(server) for name, server in servers.items()}

    def milliseconds(self) -> dict[str, float]:
        """Of each, since this object was made."""
        return {
            name: 1_000
            * sum(
                now - self._before[name].get(process, 0.0)
                for process, now in _cpu_times(server).items()
            )
            for name, server in self._servers.items()
        }


def _cpu_times(server: psutil.Process) -> dict[psutil.Process, float]:
    """Seconds of each of its processes; one that has just ended is left out."""
    times = {}
    for process in [server, *server.children(recursive=True)]:
        try:
            used = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        times[process] = used.user + used.system
    return times


def _own_memory(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().uss)
    except psutil.AccessDenied:
        return int(process.memory_info().rss)


def _answers(port: int) -> bool:
    client = http.client.HTTPConnection(HOST, port, timeout=30)
    with suppress(OSError, http.client.HTTPException), closing(client):
        client.request("GET", "/health/live")
        return client.getresponse().status == http.HTTPStatus.OK
    return False
