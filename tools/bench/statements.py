"""Counts the statements in the log of PostgreSQL."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connection

_STATEMENT = re.compile(r"LOG:  (?:statement|execute [^:]+):\s+(\w+)")


@contextmanager
def logged(log: Path) -> Iterator[Callable[[], list[str]]]:
    """Lets PostgreSQL log all statements until the block ends.

    Yields a function that returns the first word of each statement of other connections so far.

    Args:
        log: the log file of PostgreSQL.
    """
    _log_statements("all")
    begun = log.stat().st_size
    try:
        yield lambda: _STATEMENT.findall(log.read_bytes()[begun:].decode(errors="replace"))
    finally:
        _log_statements("none")


def _log_statements(which: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER SYSTEM SET log_statement = '{which}'")
        cursor.execute("SELECT pg_reload_conf()")
        # All processes reload together: when it applies here, it applies to their next statement.
        while which != _shown(cursor):
            pass


def _shown(cursor: Any) -> str:
    cursor.execute("SHOW log_statement")
    return str(cursor.fetchone()[0])
