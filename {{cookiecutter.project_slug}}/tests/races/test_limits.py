"""Limits under concurrency."""

from collections import Counter
from typing import Any

import pytest

from accounts.models import User
from mail.models import Mail
from tests.limits import Rates, stranger
from tests.races.concurrency import at_once


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
        return int(browser.request_reset(address).status_code)

    assert at_once(20, cause).count(429) == 15
    assert Mail.objects.count() == 5
