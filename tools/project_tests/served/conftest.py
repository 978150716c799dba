from collections.abc import Iterator

import pytest

from project_tests.served.site import Site, serving


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """Every server runs when a test begins, and when it ends."""
    with serving() as site:
        yield site
