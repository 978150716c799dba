"""Runs the programs of the project: management commands, the web server and the worker."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from devtools.errors import DevtoolsError
from devtools.processes import Child, Children

RESTART_SECONDS = 2.0


def say(text: str = "") -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


class Follower:
    def __init__(self, child: Child) -> None:
        self._child = child
        self._seen_bytes = 0

    def skip(self) -> None:
        """Hides the output so far."""
        self._seen_bytes = self._child.log.stat().st_size

    def show(self) -> None:
        """Prints the new complete lines after the child's name."""
        with self._child.log.open("rb") as log:
            log.seek(self._seen_bytes)
            for line in log:
                if line.endswith(b"\n"):
                    self._seen_bytes += len(line)
                    say(f"{self._child.name:<7}| {line.decode(errors='replace').rstrip()}")


class Supervisor:
    def __init__(
        self, children: Children, *, project: Path, logs: Path, environment: dict[str, str]
    ) -> None:
        self._children = children
        self._project = project
        self._logs = logs
        # In addition to the variables of this process.
        self._environment = {**os.environ, "PYTHONUNBUFFERED": "1", **environment}
        self._followers: dict[str, Follower] = {}
        self._restart: dict[str, Callable[[], Child]] = {}
        self._due: dict[str, float] = {}

    def manage(self, command: str, *arguments: str, advice: str) -> str:
        """Runs a command of ``manage.py`` and returns its output. An error ends with the advice."""
        child = self._start(command, "manage.py", command, *arguments)
        if self._children.wait(child):
            raise DevtoolsError(f"manage.py {child.failed(child.outcome)}\n{advice}")
        printed = child.log.read_text(encoding="utf-8", errors="replace")
        child.log.unlink()
        return printed

    def serve(self, name: str, *command: str) -> Child:
        """Starts a program. ``watch`` raises an error when it ends."""
        child = self._start(name, *command)
        self._followers[name] = Follower(child)
        return child

    def keep_alive(self, name: str, *command: str) -> None:
        """Starts a program. ``watch`` restarts it when it ends."""
        self._restart[name] = lambda: self.serve(name, *command)
        self._restart[name]()

    def hide_output_so_far(self) -> None:
        for follower in self._followers.values():
            follower.skip()

    def watch(self) -> NoReturn:
        """Prints the output of the programs until one ends."""
        while True:
            for follower in self._followers.values():
                follower.show()
            for child in self._children.take_ended():
                self._ended(child)
            self._restart_due()
            time.sleep(0.1)

    def _start(self, name: str, *command: str) -> Child:
        return self._children.start(
            name,
            [sys.executable, *command],
            log=self._logs / f"{name}.log",
            cwd=self._project,
            environment=self._environment,
        )

    def _ended(self, child: Child) -> None:
        if child.name not in self._restart:
            raise child.failed(f"ended unexpectedly ({child.outcome})")
        self._followers[child.name].show()
        say(f"{child.name} ended ({child.outcome}) and starts again in {RESTART_SECONDS:.0f} s.")
        self._due[child.name] = time.monotonic() + RESTART_SECONDS

    def _restart_due(self) -> None:
        for name in [name for name, due in self._due.items() if due <= time.monotonic()]:
            del self._due[name]
            self._restart[name]()
