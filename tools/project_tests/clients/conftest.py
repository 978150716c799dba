"""The compiled client in Chromium."""

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest

from project_tests.clients.front_end import FrontEnd, front_end

collect_ignore = [] if find_spec("playwright") else ["test_client.py"]


@pytest.fixture
def front() -> Iterator[FrontEnd]:
    with front_end() as found:
        yield found


@pytest.fixture
def context(chromium: Any) -> Iterator[Any]:
    with chromium.new_context() as found:
        yield found
