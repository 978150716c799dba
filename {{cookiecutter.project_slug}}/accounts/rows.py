"""Statements that the ORM cannot say, or only at a price, and rows gone through at leisure."""

import time
from collections.abc import Iterator
from functools import cache
from itertools import islice
from threading import local
from typing import Any, TypeVar, cast

import psycopg
from django.db import DEFAULT_DB_ALIAS, NotSupportedError, connection, connections
from django.db.models import Model
from psycopg.abc import Loader
from psycopg.pq import Format

T = TypeVar("T")


def fetch_one(statement: str, parameters: dict[str, Any]) -> tuple[Any, ...] | None:
    """PostgreSQL binds the parameters, and prepares a statement that a connection executes often.

    Django would write them into the statement, which PostgreSQL then parses and plans each time.
    """
    try:
        return _fetch_one(statement, parameters)
    except NotSupportedError:
        # It was prepared before a migration changed a column's type. A new connection has prepared
        # nothing; in a transaction there is no other, but its rollback forgets what was prepared.
        if connection.in_atomic_block:
            raise
        connection.close()
        return _fetch_one(statement, parameters)


def _fetch_one(statement: str, parameters: dict[str, Any]) -> tuple[Any, ...] | None:
    # ``connection`` looks it up again for each of its attributes.
    database: Any = connections[DEFAULT_DB_ALIAS]
    database.ensure_connection()
    # What its ``cursor`` does, with one that leaves the binding to PostgreSQL.
    wrap = database.make_debug_cursor if database.queries_logged else database.make_cursor
    cursor = wrap(_thread_cursor.on(database.connection))
    cursor.execute(statement, parameters)
    row: tuple[Any, ...] | None = cursor.fetchone()
    return row


class _ThreadCursor(local):
    """A thread's cursor, which holds its last row: one for each statement costs a quarter more."""

    _cursor: psycopg.Cursor | None = None

    def on(self, connection: psycopg.Connection) -> psycopg.Cursor:
        if self._cursor is None or self._cursor.connection is not connection:
            self._cursor = psycopg.Cursor(connection)
            self._cursor.adapters.register_loader(_TIME.oid, _TIME_LOADER)
        return self._cursor


# Django's reads times in Python, and psycopg's in C.
_TIME = psycopg.adapters.types["timestamptz"]
_TIME_LOADER = cast(type[Loader], psycopg.adapters.get_loader(_TIME.oid, Format.TEXT))

_thread_cursor = _ThreadCursor()


@cache
def columns(model: type[Model], *some: str) -> list[str]:
    """All of them, or some: in the order in which ``Model.from_db`` takes their values.

    Raises:
        ValueError: one of them is none of the model's.
    """
    names = [field.attname for field in model._meta.concrete_fields]
    return sorted(some, key=names.index) if some else names


def unhurried(found: Iterator[T], size: int, *, seconds: float) -> Iterator[list[T]]:
    """In batches. After each it waits for as long as that was worked on: half of the server's time,
    and of its disk's, is for those who wait for an answer.

    Args:
        seconds: when it stops, whatever is left.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end and (batch := list(islice(found, size))):
        begun = time.monotonic()
        yield batch
        time.sleep(time.monotonic() - begun)
