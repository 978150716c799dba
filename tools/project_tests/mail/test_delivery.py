"""The worker keeps its connections, and survives what cuts, stops or kills its servers."""

from django.db import connection

from mail import delivery
from mail.models import Mail
from tests.mail.stage import Stage, states, time_passes
from tests.mail.test_delivery import ask_for_resets, sign_up
from tests.waiting import until


def test_worker_keeps_its_connection(stage: Stage) -> None:
    stage.start_worker()
    sign_up(stage, "ada@example.test")
    until(lambda: states() == {"sent": 1})
    until(stage.is_idle)
    kept = connections_of("celery")

    sign_up(stage, "bob@example.test")
    until(lambda: states() == {"sent": 2})
    until(stage.is_idle)

    assert kept
    assert kept <= connections_of("celery")


def connections_of(program: str) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = %s",
            [program],
        )
        return {row[0] for row in cursor.fetchall()}


def test_connections_that_were_cut_cost_no_mail(stage: Stage) -> None:
    stage.start_worker()
    sign_up(stage, "ada@example.test")
    until(lambda: states() == {"sent": 1})
    until(stage.is_idle)

    cut_connections()

    sign_up(stage, "bob@example.test")
    until(lambda: states() == {"sent": 2})


def cut_connections() -> None:
    """All but our own, as a restart of PostgreSQL does."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_broker_that_hangs_costs_neither_time_nor_mail(stage: Stage) -> None:
    with stage.hung_worker():
        sign_up(stage, "ada@example.test")
        with stage.hung_broker():
            assert sign_up(stage, "bob@example.test") < 5

    time_passes()
    stage.sweep()
    until(lambda: states() == {"sent": 2})
    assert stage.inbox.arrived == {"ada@example.test": 1, "bob@example.test": 1}


def test_e_mail_that_ends_its_worker_at_the_last_attempt_is_dead(stage: Stage) -> None:
    stage.inbox.speaks.clear()
    with stage.hung_worker():
        [address] = ask_for_resets(stage, 1)
        Mail.objects.update(attempts=delivery.MAX_ATTEMPTS - 1)
    until(lambda: stage.inbox.emails)

    stage.kill_worker()
    stage.inbox.speaks.set()
    stage.start_worker()
    time_passes()
    stage.sweep()

    until(lambda: states() == {"dead": 1})
    assert stage.inbox.arrived == {address: 1}


def test_broker_that_ends_while_an_e_mail_is_sent_loses_none(stage: Stage) -> None:
    stage.inbox.speaks.clear()
    worker = stage.start_worker()
    [address] = ask_for_resets(stage, 1)
    until(lambda: stage.inbox.emails)

    stage.kill_broker()
    stage.start_broker()
    stage.inbox.answers = {address: "451 later"}
    stage.inbox.speaks.set()
    until(lambda: worker.ended)
    stage.inbox.answers = {}
    stage.start_worker()
    time_passes()
    stage.sweep()

    until(lambda: states() == {"sent": 1})
    assert stage.inbox.arrived == {address: 2}
