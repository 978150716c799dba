"""Raw SQL statements, and batches that leave time to other requests."""

import time
from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Model

T = TypeVar("T")


def columns_of(model: type[Model], table: str, *, without: Collection[str] = ()) -> str:
    """The columns of a model for a ``SELECT`` statement.

    By name, not ``*``: PostgreSQL refuses a prepared ``SELECT *`` after a migration adds a column.

    Args:
        table: the name or alias of the table in the statement.
        without: names of fields that are read when they are asked for.
    """
    fields = [field for field in model._meta.concrete_fields if field.name not in without]
    return ", ".join(f'{table}."{field.column}"' for field in fields)


def fetch_one(statement: str, parameters: dict[str, Any]) -> tuple[Any, ...] | None:
    """Executes the statement and returns its first row."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row


def in_throttled_batches(found: Iterator[T], size: int, *, seconds: float) -> Iterator[list[T]]:
    """Yields batches for ``seconds``. After each, sleeps as long as the caller needed for it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and (batch := list(islice(found, size))):
        begun = time.monotonic()
        yield batch
        time.sleep(time.monotonic() - begun)
