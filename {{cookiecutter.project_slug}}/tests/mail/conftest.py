from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.mail.stage import Inbox, Stage


@pytest.fixture
def stage(transactional_db: None) -> Iterator[Stage]:
    with ExitStack() as ends:
        yield Stage(ends, Inbox())
