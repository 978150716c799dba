"""Query budgets: what a request asks of the database is part of its contract."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.dispatch import Signal
from django.test.utils import CaptureQueriesContext

from accounts import revocation


@contextmanager
def statements(expected: int) -> Iterator[None]:
    """Fails unless so many are run; savepoints, which only tests have so many of, do not count.

    What the apps of the project end with the sessions costs more, and is not done here.
    """
    with pytest.MonkeyPatch.context() as patch, CaptureQueriesContext(connection) as captured:
        patch.setattr(revocation, "access_revoked", Signal())
        yield
    run = [query["sql"] for query in captured if "SAVEPOINT" not in query["sql"]]
    assert len(run) == expected, "\n".join([f"{len(run)} statements", *run])
