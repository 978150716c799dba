"""An embedded PostgreSQL and Valkey, as children of this process.

Each starts only if neither the environment nor ``.env`` sets its URL.
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

# For data and logs, in the project.
FOLDER = ".devservices"
# Seconds to wait for servers that start or stop.
PATIENCE = 10.0

_START = {"DATABASE_URL": postgres.start, "REDIS_URL": valkey.start}

_TAKEN = "This project is running already: {owner}. Stop it first."
_INCOMPLETE = "{owner} with another {name}. Set the same one here."


@dataclass(frozen=True)
class Servers:
    """``urls`` maps the variables to the URLs of the started servers."""

    urls: dict[str, str]
    children: Children


def missing() -> list[str]:
    """The unset variables of DATABASE_URL and REDIS_URL."""
    return [name for name in _START if not env.text(name)]


def attach_or_start(project: Path) -> dict[str, str]:
    """Returns the missing variables, for the project's running servers or for new ones.

    New servers end with this process, also if another process uses them.
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
    """Returns the missing variables, for empty servers that end with this process."""
    return _until_exit(_temporary()).urls if missing() else {}


@contextmanager
def durable(project: Path, command: str) -> Iterator[Servers]:
    """Runs the project's servers, which keep their data. Other processes show ``command``."""
    folder = project / FOLDER
    with _own(folder, _claim_patiently(folder), command) as servers:
        yield servers


def _claim_patiently(folder: Path) -> int:
    """Waits for an owner that may be stopping, but not for one that serves."""
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
        # The reaper holds the lock until the last server has ended.
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
