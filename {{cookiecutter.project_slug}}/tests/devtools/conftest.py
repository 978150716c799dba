import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import redis

from config.env import BASE_DIR

VARIABLES = ("DATABASE_URL", "REDIS_URL")


@dataclass(frozen=True)
class Owner:
    """A running ``tests.devtools.owner`` and the servers that it told of."""

    process: subprocess.Popen[str]
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

    def end(self) -> None:
        self.process.communicate(timeout=30)


Own = Callable[..., Owner]


@pytest.fixture
def own() -> Iterator[Own]:
    """Starts an owner with these arguments; ends it after the test."""
    with ExitStack() as ends:

        def start(*arguments: str | Path, **environment: str) -> Owner:
            process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "tests.devtools.owner", *arguments],
                cwd=BASE_DIR,
                env={**os.environ, **dict.fromkeys(VARIABLES, ""), **environment},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            ends.callback(process.communicate, timeout=30)
            assert process.stdout
            return Owner(process, json.loads(process.stdout.readline()))

        yield start


@pytest.fixture
def project() -> Iterator[Path]:
    """A folder that every user can enter; pytest's own cannot be, when root runs it."""
    base = Path(tempfile.mkdtemp())
    base.chmod(0o755)
    folder = base / "my project – déjà vu"
    folder.mkdir()
    yield folder
    shutil.rmtree(base)


@pytest.fixture
def _without_urls(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
