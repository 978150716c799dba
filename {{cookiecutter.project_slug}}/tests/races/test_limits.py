"""Limits under concurrency: over two gunicorn processes, and over threads."""

import os
from collections import Counter
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from accounts.models import User
from devtools import gunicorn
from devtools.ports import HOST
from devtools.processes import Children
from mail.models import Mail
from tests.limits import Rates, redis_of_this_process, stranger
from tests.races.concurrency import at_once

AT_ONCE = 300


def test_of_three_hundred_requests_at_once_exactly_ten_pass(rates: Rates, tmp_path: Path) -> None:
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.races.patient_settings",
        "REDIS_URL": redis_of_this_process(),
        "THROTTLE_RATES": "refresh=10/hour,anon=off",
    }
    with Children() as children:
        web = gunicorn.start(
            children,
            *("--workers=2", "--threads=4"),
            log=tmp_path / "gunicorn.log",
            environment=environment,
        )
        statuses = at_once(AT_ONCE, lambda _: refresh(web.port))

    # Without a token it is refused, but not by the limit.
    assert Counter(statuses) == {401: 10, 429: AT_ONCE - 10}


def refresh(port: int) -> int:
    with closing(HTTPConnection(HOST, port, timeout=60)) as connection:
        headers = {"Content-Type": "application/json"}
        connection.request("POST", "/api/auth/refresh/", b"{}", headers)
        return connection.getresponse().status


@pytest.mark.django_db(transaction=True)
def test_guesses_in_parallel_from_many_addresses_are_all_counted(
    user: User, rates: Rates, settings: Any
) -> None:
    rates(login_account="10/hour")

    def guess(number: int) -> int:
        return int(stranger(number).sign_in(user.email, "not the password").status_code)

    assert Counter(at_once(40, guess)) == {401: 10, 429: 30}


@pytest.mark.django_db(transaction=True)
def test_of_twenty_requests_for_e_mails_at_once_five_reach_the_mailbox(rates: Rates) -> None:
    rates(mailbox_account="5/hour")

    def cause(number: int) -> int:
        address, browser = f"victim+{number}@example.test", stranger(number)
        if number % 2:
            return int(browser.sign_up(address).status_code)
        body = {"email": address}
        return int(browser.call("post", "rest_password_reset", body).status_code)

    assert at_once(20, cause).count(429) == 15
    assert Mail.objects.count() == 5
