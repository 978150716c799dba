"""PostgreSQL away, and back again."""

import select
from typing import Any

import psycopg
from django.db import InterfaceError, OperationalError, connections

RETRY_SECONDS = 5
"""When a client may ask again: a restart of PostgreSQL takes about as long."""


def is_outage(exception: BaseException | None) -> bool:
    """Whether PostgreSQL is away, or has no connection left; deadlocks, too, pass by themselves."""
    return isinstance(exception, (OperationalError, InterfaceError))


def close_dead_connections(**_: Any) -> None:
    """Closes a kept connection that the server has closed meanwhile; Django makes another.

    A receiver of ``request_started`` and Celery's ``task_prerun``. Without it, each connection that
    was kept when PostgreSQL was restarted would fail a request or a task. Asking the socket takes
    7 µs. ``CONN_HEALTH_CHECKS`` sends a second statement with each refresh: 64 µs on one machine,
    and a round trip of the network where PostgreSQL has its own.
    """
    for kept in connections.all(initialized_only=True):
        is_ours = isinstance(kept.connection, psycopg.Connection)
        if is_ours and not kept.in_atomic_block and _is_dead(kept.connection):
            kept.close()


def _is_dead(connection: psycopg.Connection) -> bool:
    """A server says nothing unasked, but for its end and the like."""
    if connection.closed:
        return True
    asked = select.poll()
    asked.register(connection.fileno(), select.POLLIN)
    return bool(asked.poll(0))
