"""What PostgreSQL is asked: counted in its log, and explained."""

import json
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


@contextmanager
def explained() -> Iterator[list[str]]:
    """The kinds of all scans in the plans of what this process asks until the block ends."""
    scans: list[str] = []

    def explain(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        execute(f"EXPLAIN (FORMAT JSON) {sql}", params, many, context)
        [(plan,)] = context["cursor"].fetchall()
        scans.extend(_scans(plan if isinstance(plan, list) else json.loads(plan)))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        yield scans


def _scans(plan: Any) -> Iterator[str]:
    """``Index Scan``, ``Seq Scan`` and their like, wherever they are in the plan."""
    for part in plan.values() if isinstance(plan, dict) else plan:
        if isinstance(part, dict | list):
            yield from _scans(part)
    if isinstance(plan, dict) and "Relation Name" in plan and "Scan" in plan["Node Type"]:
        yield str(plan["Node Type"])
