"""E-mails pass gunicorn, a broker, a worker and a mail server; no outage of one loses any."""

import time

from django.contrib.auth.hashers import make_password

from accounts.models import User
from mail.models import Mail
from tests.mail.stage import Stage, states, time_passes
from tests.people import PASSWORD
from tests.waiting import until


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

    assert sign_up(stage, "bob@example.test") < 5
    assert sign_up(stage, "eve@example.test") < 5

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
