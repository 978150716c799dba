"""Outages of PostgreSQL."""

import select
from typing import Any

import psycopg
from django.db import InterfaceError, OperationalError, connections

# PostgreSQL restarts in about this time.
RETRY_SECONDS = 5


def is_outage(exception: BaseException | None) -> bool:
    """Whether PostgreSQL is unavailable or has no free connection. Also true for deadlocks."""
    return isinstance(exception, (OperationalError, InterfaceError))


def close_dead_connections(**_: Any) -> None:
    """Closes kept connections that the server has closed. Django then opens new ones."""
    # It costs 7 µs. CONN_HEALTH_CHECKS costs a statement: 64 µs, or a round trip of the network.
    for kept in connections.all(initialized_only=True):
        is_psycopg = isinstance(kept.connection, psycopg.Connection)
        if is_psycopg and not kept.in_atomic_block and _is_dead(kept.connection):
            kept.close()


def _is_dead(connection: psycopg.Connection) -> bool:
    if connection.closed:
        return True
    # An idle connection has nothing to read, except when the server closes it.
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
