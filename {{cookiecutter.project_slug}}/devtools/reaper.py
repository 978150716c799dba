"""Stops the children of another process once that process is gone, for any reason.

A program of its own, run by ``devtools.processes``: ``python reaper.py WITHDRAW REMOVE``. It reads
``start PID SIGNAL`` and ``gone PID`` from standard input, where PID leads a process group. The end
of input means that the other process has closed it or was killed. Then the file
WITHDRAW is deleted, the groups are stopped, last started first, and the folder REMOVE is deleted.
"""

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

POLITE_SECONDS = 5.0
"""How long a child may take to end after its signal; then its whole group is killed."""
FORCED_SECONDS = 2.0
"""How long to wait for a child that has been killed."""


def read_groups(lines: Iterable[str]) -> dict[int, int]:
    """The process groups to stop, in the order of their start, each with its signal."""
    groups: dict[int, int] = {}
    for line in lines:
        match line.split():
            case ["start", pid, number]:
                groups[int(pid)] = int(number)
            case ["gone", pid]:
                groups.pop(int(pid), None)
    return groups


def stop_group(leader: int, number: int) -> None:
    """Asks the leader to end, then kills what is left of its group."""
    with suppress(OSError):
        os.kill(leader, number)
    _wait_until_ended(leader, POLITE_SECONDS)
    with suppress(OSError):
        os.killpg(leader, signal.SIGKILL)
    _wait_until_ended(leader, FORCED_SECONDS)


def _wait_until_ended(pid: int, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not ended(pid) and time.monotonic() < deadline:
        time.sleep(0.02)


def ended(pid: int) -> bool:
    """Also counts a process that stays listed because the system's first one asks late, or never,
    how the children it inherits have ended, as in some containers.
    """
    with suppress(OSError):  # There is such a file on Linux only.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    try:
        os.kill(pid, 0)
    except OSError:
        return True
    return False


def main(withdraw: str, remove: str) -> None:
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    groups = read_groups(sys.stdin)
    if withdraw:
        Path(withdraw).unlink(missing_ok=True)
    for leader, number in reversed(groups.items()):
        stop_group(leader, number)
    if remove:
        shutil.rmtree(remove, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
