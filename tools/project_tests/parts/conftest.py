from collections.abc import Iterator

import pytest

from project_tests.web import Web, served


@pytest.fixture(scope="session")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """One that many tests ask; its log, in JSON, holds what all of them have asked."""
    options = ("--worker-class=gthread", "--threads=2")
    with served(tmp_path_factory.mktemp("web"), *options, LOG_FORMAT="json") as web:
        yield web
