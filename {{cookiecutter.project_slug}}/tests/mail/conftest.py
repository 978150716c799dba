from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.mail.stage import Inbox, Stage


@pytest.fixture(scope="session")
def _stage(django_db_setup: None) -> Iterator[Stage]:
    with ExitStack() as ends:
        yield Stage(ends, Inbox())


@pytest.fixture
def stage(_stage: Stage, transactional_db: None) -> Iterator[Stage]:
    """A worker runs only if the test before has left one."""
    yield _stage
    _stage.clear()
