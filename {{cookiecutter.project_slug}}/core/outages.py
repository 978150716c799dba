"""PostgreSQL away, and back again."""

import select
from typing import Any

from django.db import InterfaceError, OperationalError, connections

RETRY_SECONDS = 5
"""When a client may ask again: a restart of PostgreSQL takes about as long."""


def is_outage(exception: BaseException | None) -> bool:
    """Whether PostgreSQL is away, or has no connection left; deadlocks, too, pass by themselves."""
    return isinstance(exception, (OperationalError, InterfaceError))


def close_dead_connections(**_: Any) -> None:
    """Closes a kept connection that the server has closed meanwhile; Django makes another.

    A receiver of ``request_started``. Without it, each connection that was kept when PostgreSQL was
    restarted would fail a request. Asking the socket takes microseconds, a query
    (``CONN_HEALTH_CHECKS``) a round trip.
    """
    for kept in connections.all(initialized_only=True):
        if kept.connection and not kept.in_atomic_block and _has_news(kept.connection.fileno()):
            kept.close()


def _has_news(socket: int) -> bool:
    """A server says nothing unasked, but for its end and the like."""
    asked = select.poll()
    asked.register(socket, select.POLLIN)
    return bool(asked.poll(0))
