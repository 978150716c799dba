from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from project_tests.mail.stage import Inbox, Stage


@pytest.fixture(autouse=True)
def _hashes_of_other_processes(real_hashes: None) -> None:
    """The processes on a ``stage`` hash as in production, and read what a test has hashed."""


@pytest.fixture(scope="session")
def _stage(django_db_setup: None) -> Iterator[Stage]:
    with ExitStack() as ends:
        yield Stage(ends, Inbox())


@pytest.fixture
def stage(_stage: Stage, transactional_db: None) -> Iterator[Stage]:
    """A worker runs only if the test before has left one."""
    yield _stage
    _stage.clear()
