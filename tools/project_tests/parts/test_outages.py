"""Connections that are kept from one request to the next."""

from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from core.outages import close_dead_connections

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def kept() -> Iterator[Any]:
    """The connection of this thread, as psycopg has it."""
    connection.ensure_connection()
    yield connection.connection
    connection.close()


def end(kept: Any) -> None:
    """As a server that stops does."""
    with closing(connection.copy()) as other, other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 10000)", [kept.info.backend_pid])


def test_live_connection_stays(kept: Any) -> None:
    close_dead_connections()

    assert connection.connection is kept


def test_connection_that_the_server_has_ended_is_closed(kept: Any) -> None:
    end(kept)

    close_dead_connections()

    assert connection.connection is None


def test_connection_that_is_closed_already_is_no_error(kept: Any) -> None:
    kept.close()

    close_dead_connections()

    assert connection.connection is None


def test_open_transaction_is_left_alone(kept: Any) -> None:
    with suppress(OperationalError), transaction.atomic():
        end(kept)
        close_dead_connections()
        assert connection.connection is kept
