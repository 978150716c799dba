"""What is done to many rows in batches."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from accounts.services.sessions import purge
from core.db import in_throttled_batches
from tests.queries import statements


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
    monkeypatch.setattr("core.db.time", both)
    return clock


def worked_on(clock: Clock, seconds: float) -> list[str]:
    """The batches of somebody who needs three seconds for the first, and one for others."""
    batches: list[str] = []
    for batch in in_throttled_batches(iter("abcdef"), 2, seconds=seconds):
        clock.now += 1 if batches else 3
        batches.append("".join(batch))
    return batches


def test_batches_leave_half_of_the_time_to_others(clock: Clock) -> None:
    assert worked_on(clock, 100) == ["ab", "cd", "ef"]
    assert clock.slept == [3, 1, 1]


def test_batches_end_before_their_task_is_ended(clock: Clock) -> None:
    assert worked_on(clock, 5) == ["ab"]


def test_purge_ends_before_its_task_is_ended(settings: Any) -> None:
    assert purge.PURGE_SECONDS < settings.CELERY_TASK_SOFT_TIME_LIMIT


def test_page_of_sessions_keeps_room_for_their_refreshes(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT reloptions FROM pg_class WHERE relname = 'accounts_session'")
        assert cursor.fetchone() == (["fillfactor=80"],)


@pytest.mark.django_db
def test_saving_a_row_that_was_read_in_part_saves_that_part(user: User) -> None:
    part = User.objects.only("first_name").get(pk=user.pk)
    part.first_name = "Grace"

    with statements(1):
        part.save()

    assert User.objects.get(pk=user.pk).first_name == "Grace"
