"""Child processes that never outlive this process.

Each child leads a session, so that the terminal's Ctrl-C reaches only this process, and writes to a
log file. Another process, the reaper, reads a pipe from this one, and stops all when it closes.
"""

import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import BinaryIO, Self

from devtools import reaper
from devtools.errors import DevtoolsError

# The child itself tells the reaper its process id and its signal, and holds the pipe open until
# then: even if this process is killed, the reaper knows each child. Without a reaper, the echo
# fails and nothing starts.
_ANNOUNCE_AND_BECOME = 'echo "start $$ $0" >&0 && exec "$@" </dev/null'


@dataclass(frozen=True)
class SystemUser:
    """A user of the operating system. Only root can start a child as another user."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Child:
    """A process. Its standard output and error go to ``log``."""

    name: str
    process: subprocess.Popen[bytes]
    stop_signal: signal.Signals
    log: Path

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    @property
    def outcome(self) -> str:
        """Waits for the end, and describes it."""
        code = self.process.wait()
        return f"exit code {code}" if code >= 0 else signal.Signals(-code).name

    def tail(self, lines: int = 15) -> str:
        """The last lines of the log, indented."""
        with self.log.open(encoding="utf-8", errors="replace") as log:
            return "".join(f"    {line.rstrip()}\n" for line in deque(log, lines))

    def wait_until(self, ready: Callable[[], bool], *, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not ready():
            if self.ended:
                raise self.failed(self.outcome)
            if time.monotonic() > deadline:
                raise self.failed(f"not ready after {seconds:.0f} seconds")
            time.sleep(0.02)

    def failed(self, why: str) -> DevtoolsError:
        return DevtoolsError(f"{self.name}: {why}. The end of {self.log}:\n{self.tail()}")


class Children:
    """Starts children. ``stop`` or the end of this process stops them in reverse order.

    Args:
        remove: a folder to delete after the last child has ended.
        withdraw: a file to delete before the first child is stopped.
        hold: a file descriptor that stays open until then. The caller may close its own.
    """

    def __init__(
        self, *, remove: Path | None = None, withdraw: Path | None = None, hold: int | None = None
    ) -> None:
        self._owner = os.getpid()
        self._running: list[Child] = []
        reader, writer = os.pipe()
        self._pipe = FileIO(writer, "wb")
        self._reaper = subprocess.Popen(  # noqa: S603
            [sys.executable, "-IS", reaper.__file__, str(withdraw or ""), str(remove or "")],
            stdin=reader,
            # A reader of our output must see its end when this process ends.
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=() if hold is None else (hold,),
            start_new_session=True,
            cwd="/",
        )
        os.close(reader)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path,
        stop_signal: signal.Signals = signal.SIGTERM,
        user: SystemUser | None = None,
        cwd: Path = Path("/"),
        environment: Mapping[str, str] | None = None,
    ) -> Child:
        """Starts a child with an empty standard input. Exit code 127: the command does not exist.

        Args:
            log: overwritten, and readable only by this user.
            stop_signal: asks the child to end.
            user: None for the current user.
            environment: None for that of this process.
        """
        with _truncated(log) as output:
            process = subprocess.Popen(  # noqa: S603
                ["/bin/sh", "-c", _ANNOUNCE_AND_BECOME, str(stop_signal.value), *command],
                stdin=self._pipe,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=cwd,
                env=environment,
                user=user.uid if user else None,
                group=user.gid if user else None,
                extra_groups=[] if user else None,
            )
        self._running.append(Child(name, process, stop_signal, log))
        return self._running[-1]

    def wait(self, child: Child) -> int:
        """Returns the exit code."""
        child.process.wait()
        self._forget(child)
        return child.process.returncode

    def take_ended(self) -> list[Child]:
        """The children that have ended since the last call, without those of ``wait``."""
        ended = [child for child in self._running if child.ended]
        for child in ended:
            self._forget(child)
        return ended

    def stop(self) -> None:
        """Returns when all children have ended. Kills a child that ignores its signal."""
        if os.getpid() != self._owner:
            return  # A fork has inherited this object.
        self._pipe.close()
        while self._reaper.poll() is None:
            # A child is a zombie until its parent reads the exit code.
            self.take_ended()
            time.sleep(0.02)
        self._stop_without_reaper()

    def _stop_without_reaper(self) -> None:
        """Stops the children if the reaper was killed."""
        while self._running:
            child = self._running.pop()
            child.process.send_signal(child.stop_signal)
            with suppress(subprocess.TimeoutExpired):
                child.process.wait(reaper.POLITE_SECONDS)
            with suppress(OSError):
                os.killpg(child.process.pid, signal.SIGKILL)
            child.process.wait()

    def _forget(self, child: Child) -> None:
        """Kills the rest of the child's process group."""
        self._running.remove(child)
        with suppress(OSError):
            os.killpg(child.process.pid, signal.SIGKILL)
        # The reaper was killed, or the pipe is closed.
        with suppress(OSError, ValueError):
            self._pipe.write(f"gone {child.process.pid}\n".encode())


def _truncated(log: Path) -> BinaryIO:
    # In append mode, because several processes of a child may write.
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    return os.fdopen(os.open(log, flags, 0o600), "wb")
