"""Statements that the ORM cannot say, or only at a price, and the rows that they bring."""

from functools import cache
from typing import Any

from django.db import connection
from django.db.models import Model


def fetch_one(statement: str, parameters: dict[str, Any]) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        row: tuple[Any, ...] | None = cursor.fetchone()
    return row


@cache
def columns(model: type[Model], *some: str) -> list[str]:
    """All of them, or some: in the order in which ``Model.from_db`` takes their values."""
    names = [field.attname for field in model._meta.concrete_fields]
    return [name for name in names if name in some] if some else names
