"""What PostgreSQL is asked, counted in its log."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connection

_STATEMENT = re.compile(r"LOG:  (?:statement|execute [^:]+):\s+(\w+)")


@contextmanager
def logged(log: Path) -> Iterator[Callable[[], list[str]]]:
    """Gives a function that says with which word each statement of others began until now.

    Args:
        log: of PostgreSQL, which writes down there what it is asked, until the block ends.
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
        # All processes are told together: once it holds here, it holds for the others' next one.
        while which != _shown(cursor):
            pass


def _shown(cursor: Any) -> str:
    cursor.execute("SHOW log_statement")
    return str(cursor.fetchone()[0])
