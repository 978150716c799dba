"""A real PostgreSQL and a real Valkey, started as children of this process and gone with it.

Only those are started whose URL is set neither in the environment nor in ``.env``.
"""

import atexit
import os
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from config.env import env
from devtools import claim, places, postgres, valkey
from devtools.errors import DevtoolsError
from devtools.places import Place
from devtools.processes import Children

FOLDER = ".devservices"
"""In the project: the data of the servers, and all logs."""
PATIENCE = 10.0
"""Seconds to wait for servers of this project that are just starting or stopping."""

_START = {"DATABASE_URL": postgres.start, "REDIS_URL": valkey.start}

_TAKEN = "This project is running already: {owner}. Stop it first."
_INCOMPLETE = "{owner} with another {name}. Set the same one here."


@dataclass(frozen=True)
class Servers:
    """The started servers, by the variables that lead to them; and the children."""

    urls: dict[str, str]
    children: Children


def missing() -> list[str]:
    """Those of DATABASE_URL and REDIS_URL that are not set, so that a server must be started."""
    return [name for name in _START if not env.text(name)]


def attach_or_start(project: Path) -> dict[str, str]:
    """The missing variables: of the project's running servers, else of new ones.

    New ones end with this process, even if another has attached to them meanwhile.

    Raises:
        DevtoolsError: they did not start, or the running instance does not use them.
    """
    folder, wanted = project / FOLDER, missing()
    deadline = time.monotonic() + PATIENCE
    while wanted and time.monotonic() < deadline:
        if (lock := claim.claim(folder)) is not None:
            return _until_exit(_own(folder, lock, shlex.join(sys.argv))).urls
        if owner := claim.published(folder):
            return _attach(owner, wanted)
        time.sleep(0.05)
    if wanted:
        raise _taken(folder)
    return {}


def throwaway() -> dict[str, str]:
    """The missing variables, of empty servers for tests that end with this process.

    Put them into ``os.environ``, and child processes start none of their own.

    Raises:
        DevtoolsError: they did not start.
    """
    return _until_exit(_temporary()).urls if missing() else {}


@contextmanager
def durable(project: Path, command: str) -> Iterator[Servers]:
    """Owns the project's servers, whose data stay, for the time of a ``with`` block.

    Args:
        command: what others are told to be running.

    Raises:
        DevtoolsError: they did not start, or the project is running already.
    """
    folder = project / FOLDER
    with _own(folder, _claim_patiently(folder), command) as servers:
        yield servers


def _claim_patiently(folder: Path) -> int:
    """Waits for an owner that may be stopping; one that still serves is not."""
    deadline = time.monotonic() + PATIENCE
    while (lock := claim.claim(folder)) is None:
        owner = claim.published(folder)
        if (owner and owner.address) or time.monotonic() > deadline:
            raise _taken(folder)
        time.sleep(0.05)
    return lock


@contextmanager
def _own(folder: Path, lock: int, command: str) -> Iterator[Servers]:
    try:
        place = places.durable(folder)
        children = Children(remove=place.sockets, withdraw=folder / claim.PUBLISHED, hold=lock)
    finally:
        # From here on the reaper has it, until the last server is gone.
        os.close(lock)
    with children:
        servers = Servers(_start(children, place), children)
        claim.publish(folder, claim.Owner(os.getpid(), command, servers.urls))
        yield servers


@contextmanager
def _temporary() -> Iterator[Servers]:
    place = places.throwaway()
    with Children(remove=place.sockets) as children:
        yield Servers(_start(children, place), children)


def _start(children: Children, place: Place) -> dict[str, str]:
    return {name: _START[name](children, place) for name in missing()}


def _attach(owner: claim.Owner, wanted: list[str]) -> dict[str, str]:
    for name in wanted:
        if name not in owner.urls:
            raise DevtoolsError(_INCOMPLETE.format(owner=owner, name=name))
    return {name: owner.urls[name] for name in wanted}


def _taken(folder: Path) -> DevtoolsError:
    return DevtoolsError(
        _TAKEN.format(owner=claim.published(folder) or "another process uses its data")
    )


def _until_exit(servers: AbstractContextManager[Servers]) -> Servers:
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(servers)
