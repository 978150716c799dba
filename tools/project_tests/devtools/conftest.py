import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import redis

from config.env import BASE_DIR
from devtools import services

VARIABLES = ("DATABASE_URL", "REDIS_URL")


@dataclass(frozen=True)
class Reached:
    """Servers that are running, by the variables that lead to them."""

    urls: dict[str, str]

    @property
    def sockets(self) -> Path:
        return Path(self.urls["REDIS_URL"].removeprefix("unix://")).parent

    def query(self, statement: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.urls["DATABASE_URL"]) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def valkey(self) -> "redis.Redis":
        return redis.Redis.from_url(self.urls["REDIS_URL"], decode_responses=True)


@dataclass(frozen=True)
class Owner(Reached):
    """A running ``project_tests.devtools.owner`` and the servers that it told of."""

    process: subprocess.Popen[str]

    def end(self) -> None:
        self.process.communicate(timeout=30)


Own = Callable[..., Owner]


@contextmanager
def owned_here(project: Path) -> Iterator[Reached]:
    """The servers of a project, for whom a process of their own would be a waste."""
    with ExitStack() as ends:
        with pytest.MonkeyPatch.context() as patch:
            for name in VARIABLES:
                patch.delenv(name, raising=False)
            servers = ends.enter_context(services.durable(project, "make run"))
        yield Reached(servers.urls)


@contextmanager
def folder_for_all() -> Iterator[Path]:
    """A folder that every user can enter; pytest's own cannot be, when root runs it."""
    base = Path(tempfile.mkdtemp())
    base.chmod(0o755)
    folder = base / "my project – déjà vu"
    folder.mkdir()
    yield folder
    shutil.rmtree(base)


def copy_all(source: Path, target: Path) -> None:
    """What is in one folder, to another; each file keeps its owner, unlike with shutil."""
    subprocess.run(["/bin/cp", "-a", f"{source}/.", target], check=True)  # noqa: S603


@pytest.fixture
def own() -> Iterator[Own]:
    """Starts an owner with these arguments; ends it after the test."""
    with ExitStack() as ends:

        def start(*arguments: str | Path, **environment: str) -> Owner:
            process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "project_tests.devtools.owner", *arguments],
                cwd=BASE_DIR,
                env={**os.environ, **dict.fromkeys(VARIABLES, ""), **environment},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            ends.callback(process.communicate, timeout=30)
            assert process.stdout
            return Owner(json.loads(process.stdout.readline()), process)

        yield start


@pytest.fixture
def project() -> Iterator[Path]:
    with folder_for_all() as folder:
        yield folder


@pytest.fixture
def _without_urls(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
