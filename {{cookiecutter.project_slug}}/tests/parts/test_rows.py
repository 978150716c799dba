"""Statements of our own, and what is done to many rows."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from django.db import NotSupportedError, connection, transaction

from accounts import sessions
from accounts.models import User
from accounts.rows import columns, fetch_one, unhurried
from tests.client import Browser


class Clock:
    """It stands still while nobody works or sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    both = SimpleNamespace(monotonic=lambda: clock.now, sleep=clock.sleep)
    monkeypatch.setattr("accounts.rows.time", both)
    return clock


def worked_on(clock: Clock, seconds: float) -> list[str]:
    """The batches of somebody who needs three seconds for the first, and one for others."""
    batches: list[str] = []
    for batch in unhurried(iter("abcdef"), 2, seconds=seconds):
        clock.now += 1 if batches else 3
        batches.append("".join(batch))
    return batches


def test_batches_leave_half_of_the_time_to_others(clock: Clock) -> None:
    assert worked_on(clock, 100) == ["ab", "cd", "ef"]
    assert clock.slept == [3, 1, 1]


def test_batches_end_before_whoever_works_on_them_is_ended(clock: Clock) -> None:
    assert worked_on(clock, 5) == ["ab"]


def test_purge_ends_before_its_task_is_ended(settings: Any) -> None:
    assert sessions.PURGE_SECONDS < settings.CELERY_TASK_SOFT_TIME_LIMIT


FIND = "SELECT first_name FROM accounts_user WHERE email = %(email)s"


def find_often(user: User) -> None:
    for _ in range(7):
        assert fetch_one(FIND, {"email": user.email}) == (user.first_name,)


@pytest.mark.parametrize(
    "part",
    [
        "FROM accounts_user WHERE email",
        "INSERT INTO accounts_session",
        "UPDATE accounts_session",
        "FROM accounts_session AS session",
    ],
    ids=["finding an account", "opening a session", "refreshing", "reading a person"],
)
def test_statement_of_the_busiest_endpoints_is_prepared(user: User, part: str) -> None:
    browser = Browser()
    for _ in range(7):
        browser.sign_in(user.email)
        browser.refresh()
        browser.call("get", "rest_user_details")

    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        prepared = [statement for (statement,) in cursor.fetchall()]
    assert len([statement for statement in prepared if part in statement]) == 1


@contextmanager
def longer_names() -> Iterator[None]:
    """What a migration does while the old code still runs."""
    with closing(connection.copy()) as other, other.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_user ALTER first_name TYPE varchar(151)")
        try:
            yield
        finally:
            cursor.execute("ALTER TABLE accounts_user ALTER first_name TYPE varchar(150)")


def test_prepared_statement_outlives_a_change_of_its_columns(
    transactional_db: None, user: User
) -> None:
    find_often(user)

    with longer_names():
        find_often(user)
    find_often(user)


def test_within_a_transaction_it_does_so_from_the_next_one_on(
    transactional_db: None, user: User
) -> None:
    find_often(user)

    with longer_names():
        with pytest.raises(NotSupportedError), transaction.atomic():
            find_often(user)
        with transaction.atomic():
            find_often(user)


@pytest.mark.django_db(transaction=True)
def test_connection_keeps_a_cursor(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    find_often(user)
    made, cursor = [], psycopg.Cursor

    def make_and_note(of: psycopg.Connection) -> psycopg.Cursor:
        made.append(of)
        return cursor(of)

    monkeypatch.setattr(psycopg, "Cursor", make_and_note)
    find_often(user)
    assert made == []

    connection.close()
    find_often(user)
    assert made == [connection.connection]


def test_columns_come_in_the_order_of_the_model() -> None:
    assert columns(User, "email", "password") == ["password", "email"]


def test_column_that_is_none_of_the_models_is_refused() -> None:
    with pytest.raises(ValueError, match="mail"):
        columns(User, "mail")
