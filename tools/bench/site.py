"""Serves the project as in production, with its own servers, and measures their CPU time."""

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
    # The users have no second factor and can sign in, and the check for one runs.
    "JWT_ALLAUTH_MFA_TOTP_MODE": "optional",
    # Longer than any run: most operations do not refresh.
    "JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME": "3600",
}


@dataclass(frozen=True)
class Served:
    """A running gunicorn. ``started`` is the seconds until its first response."""

    port: int
    process: psutil.Process
    started: float

    @property
    def memory(self) -> float:
        """The unshared megabytes of the largest worker; its RSS if they cannot be read."""
        return max(_own_memory(worker) for worker in self.process.children()) / 1e6


@dataclass(frozen=True)
class Site:
    """The servers of a run. ``running`` creates it."""

    children: Children
    place: Place
    environment: Mapping[str, str]

    def copy_database(self, name: str) -> None:
        """Copies the database. PostgreSQL cannot copy one with open connections."""
        connection.close()
        with psycopg.connect(postgres.url(self.place, "postgres"), autocommit=True) as server:
            copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            server.execute(copy.format(sql.Identifier(name), sql.Identifier(postgres.DATABASE)))

    def serve(
        self, module: str, *, workers: int, threads: int, database: str = postgres.DATABASE
    ) -> Served:
        """Starts gunicorn with this settings module."""
        begun = time.monotonic()
        web = gunicorn.start(
            self.children,
            # The CPU time of a replaced worker would be lost.
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
        """Starts a Python program of the project. It is killed at the end."""
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
    """Starts servers with an empty database, and sets Django up to use them.

    Raises:
        DevtoolsError: a server did not start.
    """
    # Like production, PostgreSQL waits until data are on the disk.
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
    """Returns rates that are counted and never exceeded."""
    scopes = cast(dict[str, Any], settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"])
    rates = dict.fromkeys(scopes, "100000000/day")
    return ",".join(f"{scope}={rate}" for scope, rate in rates.items())


class Meter:
    """Measures the CPU time of servers, including their child processes."""

    def __init__(self, **servers: psutil.Process) -> None:
        self._servers = servers
        self._before = {name: _cpu_times(server) for name, server in servers.items()}

    def milliseconds(self) -> dict[str, float]:
        """Returns the CPU milliseconds of each server since the object was created."""
        return {
            name: 1_000
            * sum(
                now - self._before[name].get(process, 0.0)
                for process, now in _cpu_times(server).items()
            )
            for name, server in self._servers.items()
        }


def _cpu_times(server: psutil.Process) -> dict[psutil.Process, float]:
    """Returns the CPU seconds of each process. Skips processes that have just ended."""
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
