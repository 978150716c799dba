"""Features learn when everything ends that was opened under an account's credentials."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from accounts.signals import access_revoked
from tests.flows.test_account_life import ALL_ENDS, SESSIONS, Life
from tests.flows.test_account_life import life as life

pytestmark = pytest.mark.django_db


@pytest.fixture
def told() -> Iterator[list[User]]:
    """The accounts that the signal has named."""
    users: list[User] = []

    def receive(user: User, **_: Any) -> None:
        assert connection.in_atomic_block
        users.append(user)

    access_revoked.connect(receive)
    yield users
    access_revoked.disconnect(receive)


@pytest.mark.parametrize("name", ALL_ENDS)
def test_signal_is_sent_where_every_session_ends(
    name: str, life: Life, told: list[User], settings: Any
) -> None:
    settings.JWT_ALLAUTH_REFRESH_REUSE_LEEWAY = 0
    act, ended = ALL_ENDS[name]

    act(life)

    assert set(told) == ({life.user} if ended >= SESSIONS else set())
