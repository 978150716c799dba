"""Statements that the ORM cannot say, and rows that are deleted in throttled batches."""

import time
from collections.abc import Iterator
from itertools import islice
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Model

T = TypeVar("T")


def columns_of(model: type[Model], table: str) -> str:
    """The columns of a model for a ``SELECT`` statement.

    By name, not ``*``: PostgreSQL refuses a prepared ``SELECT *`` after a migration adds a column.

    Args:
        table: the name or alias of the table in the statement.
    """
    return ", ".join(f'{table}."{field.column}"' for field in model._meta.concrete_fields)


def fetch_one(statement: str, parameters: dict[str, Any]) -> tuple[Any, ...] | None:
    """Executes the statement and returns its first row, if it has one."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row


def in_throttled_batches(found: Iterator[T], size: int, *, seconds: float) -> Iterator[list[T]]:
    """In batches. After each it waits for as long as that was worked on: half of the server's time,
    and of its disk's, is for those who wait for an answer.

    Args:
        seconds: when it stops, even if some are left.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end and (batch := list(islice(found, size))):
        begun = time.monotonic()
        yield batch
        time.sleep(time.monotonic() - begun)
