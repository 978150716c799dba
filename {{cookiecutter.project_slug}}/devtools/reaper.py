"""Stops the children of another process when that process ends.

``devtools.processes`` runs it: ``python reaper.py WITHDRAW REMOVE``. It reads ``start PID SIGNAL``
and ``gone PID`` from standard input, where PID leads a process group. At the end of input it
deletes the file WITHDRAW, stops the groups, last started first, and deletes the folder REMOVE.
"""

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

# After its signal, then after SIGKILL.
POLITE_SECONDS = 5.0
FORCED_SECONDS = 2.0


def read_groups(lines: Iterable[str]) -> dict[int, int]:
    """Maps each process group to its signal, in the order of their start."""
    groups: dict[int, int] = {}
    for line in lines:
        match line.split():
            case ["start", pid, number]:
                groups[int(pid)] = int(number)
            case ["gone", pid]:
                groups.pop(int(pid), None)
    return groups


def stop_group(leader: int, number: int) -> None:
    """Asks the leader to end, then kills the rest of the group."""
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
    """Also true for a zombie: in some containers, process 1 never reads exit codes."""
    # The file exists only on Linux.
    with suppress(OSError):
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
