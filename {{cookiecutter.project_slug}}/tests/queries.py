"""Query budgets: what a request asks of the database is part of its contract."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext


@contextmanager
def statements(expected: int) -> Iterator[None]:
    """Fails unless so many are run; savepoints, which only tests have so many of, do not count."""
    with CaptureQueriesContext(connection) as captured:
        yield
    run = [query["sql"] for query in captured if "SAVEPOINT" not in query["sql"]]
    assert len(run) == expected, "\n".join([f"{len(run)} statements", *run])
