"""What tells whether a worker is of any use."""

import pytest

from tests.mail.stage import Stage
from tests.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)


def test_worker_touches_its_file_again_and_again(stage: Stage) -> None:
    stage.start_worker()

    until(stage.alive.exists)
    first = stage.alive.stat().st_mtime_ns
    until(lambda: stage.alive.stat().st_mtime_ns > first)


def test_worker_without_its_broker_touches_nothing(stage: Stage) -> None:
    stage.start_worker()
    until(stage.alive.exists)

    stage.kill_broker()
    until(lambda: "Cannot connect" in stage.logs())
    last = stage.alive.stat().st_mtime_ns
    until(lambda: stage.logs().count("Cannot connect") > 1)

    assert stage.alive.stat().st_mtime_ns == last
