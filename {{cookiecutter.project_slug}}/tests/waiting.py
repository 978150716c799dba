"""Waiting for what other processes do, as long as it takes and no longer."""

from collections.abc import Callable
from threading import Event

from devtools.reaper import ended


def until(condition: Callable[[], object], *, seconds: float = 30) -> None:
    """Fails unless the condition comes true in time."""
    never = Event()
    for _ in range(int(seconds / 0.05)):
        if condition():
            return
        never.wait(0.05)
    raise AssertionError("it did not come true in time")


def gone(*pids: int) -> bool:
    return all(map(ended, pids))
