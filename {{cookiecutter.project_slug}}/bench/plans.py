"""How PostgreSQL finds its rows."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


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
