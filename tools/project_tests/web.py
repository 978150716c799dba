"""A real gunicorn that serves ``project_tests.site``."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

from devtools import gunicorn
from devtools.ports import HOST
from devtools.processes import Children

SETTINGS = "project_tests.site_settings"
WITHOUT_ITS_CONFIGURATION = f"--config={os.devnull}"


@dataclass(frozen=True)
class Web:
    _started: gunicorn.Web

    def ask(
        self, path: str, body: str = "", *, method: str = "GET", **headers: str
    ) -> HTTPResponse:
        """Without the answer's body, which is read and thrown away."""
        with closing(HTTPConnection(HOST, self._started.port, timeout=30)) as connection:
            connection.request(method, path, body.encode(), headers)
            answer = connection.getresponse()
            answer.read()
        return answer

    def send(self, request: bytes) -> bytes:
        """What may be no HTTP; returns all that is said to it."""
        with closing(
            socket.create_connection((HOST, self._started.port), timeout=30)
        ) as connection:
            connection.sendall(request)
            return b"".join(iter(lambda: connection.recv(65_536), b""))

    @property
    def log(self) -> str:
        return self._started.log

    @property
    def entries(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.splitlines()]


@contextmanager
def served(folder: Path, *options: str, **environment: str) -> Iterator[Web]:
    """
    Args:
        folder: for its log.
        options: of gunicorn.
    """
    with Children() as children:
        started = gunicorn.start(
            children,
            "--workers=1",
            *options,
            log=folder / "gunicorn.log",
            environment=os.environ | {"DJANGO_SETTINGS_MODULE": SETTINGS} | environment,
        )
        web = Web(started)
        # Its worker process is still on its way, and answers as soon as it is there.
        assert web.ask("/says/").status == 200
        yield web
