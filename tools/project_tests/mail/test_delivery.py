"""E-mails pass gunicorn, a broker, a worker and a mail server; no outage of one loses any."""

import time

from django.contrib.auth.hashers import make_password
from django.db import connection

from accounts.models import User
from mail import delivery
from mail.models import Mail
from project_tests.mail.stage import Stage, states, time_passes
from project_tests.waiting import until
from tests.people import PASSWORD


def ask_for_resets(stage: Stage, count: int) -> list[str]:
    """An e-mail to each of so many new users; returns their addresses."""
    password, browser = make_password(PASSWORD), stage.browser()
    users = [User(email=f"person{n}@example.test", password=password) for n in range(count)]
    User.objects.bulk_create(users)
    for user in users:
        browser.call("post", "rest_password_reset", {"email": user.email})
    return [user.email for user in users]


def sign_up(stage: Stage, address: str) -> float:
    """Returns the seconds that the answer took."""
    began = time.monotonic()
    assert stage.browser().sign_up(address).status_code == 201
    return time.monotonic() - began


def test_e_mail_reaches_the_mail_server(stage: Stage) -> None:
    stage.start_worker()

    sign_up(stage, "ada@example.test")

    until(lambda: states() == {"sent": 1})
    assert stage.inbox.arrived == {"ada@example.test": 1}
    assert len(stage.inbox.links_to("ada@example.test")) == 1


def test_broker_that_was_killed_costs_neither_time_nor_mail(stage: Stage) -> None:
    stage.start_worker()
    sign_up(stage, "ada@example.test")
    until(lambda: states() == {"sent": 1})
    until(stage.is_idle)
    stage.kill_broker()

    assert sign_up(stage, "bob@example.test") < 1
    assert sign_up(stage, "eve@example.test") < 1

    assert states() == {"sent": 1, "pending": 2}
    stage.start_broker()
    time_passes()
    stage.sweep()
    until(lambda: states() == {"sent": 3})
    assert set(stage.inbox.arrived) == {"ada@example.test", "bob@example.test", "eve@example.test"}


def test_worker_that_is_killed_loses_no_e_mail(stage: Stage) -> None:
    stage.inbox.speaks.clear()
    stage.start_worker()
    addresses = ask_for_resets(stage, 20)
    until(lambda: stage.inbox.emails)

    stage.kill_worker()
    stage.inbox.speaks.set()
    assert states() == {"pending": 20}
    stage.start_worker()
    time_passes()
    stage.sweep()

    until(lambda: states() == {"sent": 20})
    assert set(stage.inbox.arrived) == set(addresses)
    assert stage.inbox.arrived.total() == 21, "only the one in flight arrives twice"


def test_deferred_recipient_gets_it_later_and_a_rejected_one_never(stage: Stage) -> None:
    stage.inbox.answers = {
        "person0@example.test": "450 later",
        "person1@example.test": "550 no such mailbox",
    }
    stage.start_worker()
    ask_for_resets(stage, 2)
    until(lambda: Mail.objects.filter(attempts=1, claimed_until=None).count() == 2)
    assert states() == {"pending": 1, "dead": 1}

    stage.inbox.answers = {}
    time_passes()
    stage.sweep()

    until(lambda: states() == {"sent": 1, "dead": 1})
    assert stage.inbox.arrived == {"person0@example.test": 1}


# The worker's connections


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
            assert sign_up(stage, "bob@example.test") < 1

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
