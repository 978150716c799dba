"""PostgreSQL away, and back again."""

import selectors
from typing import Any

from django.db import InterfaceError, OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

RETRY_SECONDS = 5
"""When a client may ask again: a restart of PostgreSQL takes about as long."""


def is_outage(exception: BaseException | None) -> bool:
    """Whether PostgreSQL is away, or has no connection left; deadlocks, too, pass by themselves."""
    return isinstance(exception, (OperationalError, InterfaceError))


def replace_if_closed(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Takes another connection from the pool where the server has closed this one meanwhile.

    A receiver of ``connection_created``, which Django sends whenever it takes one. Without it, each
    connection that lay in the pool when PostgreSQL was restarted would fail a request. Asking
    the socket takes microseconds, a query (``CONN_HEALTH_CHECKS``) a round trip.

    Raises:
        OperationalError: there is no other one.
    """
    if _has_news(connection.connection.fileno()) and not connection.is_usable():
        connection.close()
        connection.connect()


def _has_news(socket: int) -> bool:
    """A server says nothing unasked, but for its end and the like."""
    # One system call, where epoll takes four.
    with selectors.PollSelector() as selector:
        selector.register(socket, selectors.EVENT_READ)
        return bool(selector.select(0))
