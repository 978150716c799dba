"""What tells whether a worker is of any use."""

import pytest

from tests.devtools.waiting import until
from tests.mail.stage import Stage

pytestmark = pytest.mark.django_db(transaction=True)


def test_worker_touches_its_file_again_and_again(stage: Stage) -> None:
    stage.start_worker()

    until(stage.alive.exists)
    first = stage.alive.stat().st_mtime_ns
    until(lambda: stage.alive.stat().st_mtime_ns > first)


def test_worker_without_its_broker_touches_nothing(stage: Stage) -> None:
    worker = stage.start_worker()
    until(stage.alive.exists)

    stage.kill_broker()
    until(lambda: worker.log.read_text().count("Cannot connect") >= 1)
    last = stage.alive.stat().st_mtime_ns
    until(lambda: worker.log.read_text().count("Cannot connect") >= 3)

    assert stage.alive.stat().st_mtime_ns == last
