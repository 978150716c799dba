from collections.abc import Iterator

import pytest

from accounts.models import User
from tests.parts.web import Web, served
from tests.people import PASSWORD


@pytest.fixture
def admin(db: None) -> User:
    """Who may do everything in Django admin."""
    return User.objects.create_superuser(email="root@example.test", password=PASSWORD)


@pytest.fixture(scope="session")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """One that many tests ask; its log, in JSON, holds what all of them have asked."""
    options = ("--worker-class=gthread", "--threads=2")
    with served(tmp_path_factory.mktemp("web"), *options, LOG_FORMAT="json") as web:
        yield web
