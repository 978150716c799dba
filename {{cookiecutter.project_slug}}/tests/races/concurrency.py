"""Real threads against a real database."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from django.db import connection, connections, transaction

T = TypeVar("T")


def at_once(times: int, action: Callable[[int], T]) -> list[T]:
    """Calls ``action(0)`` to ``action(times - 1)``, each in a thread, all released together."""
    barrier = threading.Barrier(times)

    def run(number: int) -> T:
        barrier.wait(timeout=30)
        return action(number)

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(_closing(run), range(times)))


class Elsewhere:
    """More threads, each with a database connection of its own."""

    def __init__(self, threads: int = 1) -> None:
        self._pool = ThreadPoolExecutor(threads)

    def __enter__(self) -> "Elsewhere":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def start(self, action: Callable[[], T]) -> Future[T]:
        return self._pool.submit(_closing(lambda _: action()), 0)


def overtaken(action: Callable[[], T], *, by: Callable[[], object]) -> T:
    """Starts ``action`` before the transaction of ``by`` commits; returns its result.

    Fails unless ``action`` waits for a lock of that transaction.
    """
    with Elsewhere() as elsewhere:
        with transaction.atomic():
            by()
            started = elsewhere.start(action)
            wait_until_blocked()
        return started.result(timeout=10)


def wait_until_blocked(how_many: int = 1) -> None:
    """Returns as soon as so many other connections to this database wait for a lock."""
    for _ in range(1_000):
        with connection.cursor() as cursor:
            # A transaction goes on seeing what it saw first.
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0] >= how_many:
                return
        threading.Event().wait(0.01)
    raise AssertionError("no connection waits for a lock")


def _closing(action: Callable[[int], T]) -> Callable[[int], T]:
    def run(number: int) -> T:
        try:
            return action(number)
        finally:
            connections.close_all()

    return run
