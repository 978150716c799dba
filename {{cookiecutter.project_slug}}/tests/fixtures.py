import atexit
import tempfile
from collections.abc import Callable, Iterator
from inspect import getattr_static
from typing import Any

import pytest
import redis
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import OperationalError, connection, transaction
from django.test import TransactionTestCase
from django.utils import translation
from hypothesis.configuration import set_hypothesis_home_dir
from psycopg.errors import DeadlockDetected
from xdist.scheduler import LoadScopeScheduling

from accounts.api import transport
from accounts.api.openapi import TransportSchema
from accounts.models import User
from config.settings.accounts import PASSWORD_HASHERS
from core.ratelimit import limiter
from devtools import interrupts
from tests.authenticator import Held, enrol
from tests.client import Browser
from tests.limits import Rates, redis_of_this_process
from tests.people import PASSWORD, make_user

# Hypothesis would keep its tables in the project's folder, from the time that tests are collected.
_folder = tempfile.TemporaryDirectory(prefix="hypothesis-")
atexit.register(_folder.cleanup)
set_hypothesis_home_dir(_folder.name)


# A run in the background can be stopped too, and so can what it starts.
interrupts.raise_keyboard_interrupt()

_START_SERVERS = {"mail", "pages"}


def _folder_with_servers(path: str) -> str:
    folder = path.rpartition("/")[0].rpartition("/")[2]
    return folder if folder in _START_SERVERS else ""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests of a folder that starts servers follow one another: what they share starts once.

    One browser runs at a time.
    """
    items.sort(key=lambda item: _folder_with_servers(str(item.path)))


class Scheduling(LoadScopeScheduling):
    """Of several processes, one runs all tests of such a folder; others run modules as a whole."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        return _folder_with_servers(path) or path


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    return Scheduling(config, log)


@pytest.fixture(scope="session", autouse=True)
def _rows_are_deleted() -> Iterator[None]:
    """After each test that committed. Django would truncate every table, and make all content types
    and permissions again, which takes longer than most tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", delete_rows)
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Ends connections that are left: PostgreSQL drops no database that has one."""
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(scope="session")
def live_server(django_db_setup: None, live_server: Any) -> Any:
    """Ends before the database is dropped, because it depends on it."""
    return live_server


def delete_rows(_: object) -> None:
    made_once = {ContentType._meta.db_table, Permission._meta.db_table}
    names = set(connection.introspection.django_table_names()) - made_once
    tables = sorted(map(connection.ops.quote_name, names))
    try:
        _delete_from(tables)
    except OperationalError as error:
        if not isinstance(error.__cause__, DeadlockDetected):
            raise
        # With a request that the test has not waited for, which goes on now.
        _delete_from(tables)


def _delete_from(tables: list[str]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        # Another process may still be writing.
        cursor.execute(f"LOCK TABLE {', '.join(tables)} IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute("; ".join(f"DELETE FROM {table}" for table in tables))  # noqa: S608  our own


@pytest.fixture(autouse=True)
def _transport_is_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    """The OpenAPI description of every endpoint that reads the header has the header."""
    read = transport.chosen_transport

    def read_declared(request: Any) -> Any:
        view = getattr(request.resolver_match.func, "cls", None)
        assert view is None or isinstance(getattr_static(view, "schema"), TransportSchema), view
        return read(request)

    monkeypatch.setattr(transport, "chosen_transport", read_declared)


@pytest.fixture(autouse=True)
def _language(settings: Any) -> None:
    """The language of a request stays active in its thread; the test before may have left one."""
    translation.activate(settings.LANGUAGE_CODE)


@pytest.fixture(scope="session", autouse=True)
def _redis_has_time() -> Iterator[None]:
    """A busy machine is no outage, after which each process would count alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limiter, "TIMEOUT", 30)
        yield


@pytest.fixture
def real_hashes(settings: Any) -> None:
    """Passwords are hashed as in production."""
    settings.PASSWORD_HASHERS = PASSWORD_HASHERS


@pytest.fixture(autouse=True)
def _hashes_of_other_processes(request: pytest.FixtureRequest) -> None:
    """The processes on a ``stage`` hash as in production, and read what a test has hashed."""
    if "stage" in request.fixturenames:
        request.getfixturevalue("real_hashes")


@pytest.fixture
def user(db: None) -> User:
    return make_user()


@pytest.fixture
def held(user: User) -> Held:
    """The second factor of ``user``."""
    return enrol(user)


@pytest.fixture
def browser() -> Browser:
    return Browser()


@pytest.fixture
def signed_in(user: User) -> Browser:
    browser = Browser()
    browser.sign_in(user.email)
    return browser


@pytest.fixture
def sign_in(user: User) -> Callable[[], Browser]:
    """Signs ``user`` in on one more device."""

    def on_another_device() -> Browser:
        browser = Browser()
        browser.sign_in(user.email)
        return browser

    return on_another_device


@pytest.fixture
def rates(settings: Any) -> Rates:
    """Sets these limits and no other: ``rates(login="3/min")``. Nothing has been counted yet."""
    settings.REDIS_URL = redis_of_this_process()
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
    limiter.limiter_at.cache_clear()
    everywhere = settings.REST_FRAMEWORK

    def set_rates(**rates: str) -> None:
        all_rates = dict.fromkeys(everywhere["DEFAULT_THROTTLE_RATES"]) | rates
        settings.REST_FRAMEWORK = {**everywhere, "DEFAULT_THROTTLE_RATES": all_rates}

    return set_rates


@pytest.fixture
def admin(db: None) -> User:
    """A superuser."""
    return User.objects.create_superuser(email="root@example.test", password=PASSWORD)
