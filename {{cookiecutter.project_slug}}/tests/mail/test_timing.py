"""Whether an address has an account cannot be told from how long an answer takes."""

import random
import time
from collections.abc import Callable
from itertools import count

import pytest

from accounts.models import User
from tests.client import Browser
from tests.mail.stage import Stage

TOLERANCE = 0.15
"""Share by which two times may differ on a machine that has other work."""
LEAST_TOLERANCE = 0.0005
"""Seconds by which they may differ, however short they are."""
MEASUREMENTS = 5
"""So many at most: noise comes and goes, what tells addresses apart is there each time."""

Ask = Callable[[Browser, str], object]
_numbers = count()


def sign_up(browser: Browser, address: str) -> object:
    return browser.sign_up(address)


def request_reset(browser: Browser, address: str) -> object:
    return browser.call("post", "rest_password_reset", {"email": address})


def sign_in(browser: Browser, address: str) -> object:
    return browser.sign_in(address, "not the pass phrase")


def seconds(ask: Ask, browser: Browser, address: str) -> float:
    began = time.perf_counter()
    ask(browser, address)
    return time.perf_counter() - began


def fastest(ask: Ask, browser: Browser, known: str, rounds: int) -> tuple[float, float]:
    """Of requests for a known address and for new ones, asked in a random order.

    Other work on the machine makes an answer slower, and never faster.
    """
    times: dict[bool, list[float]] = {True: [], False: []}
    order = [True, False] * rounds
    random.shuffle(order)
    for is_known in order:
        address = known if is_known else f"nobody{next(_numbers)}@example.test"
        times[is_known].append(seconds(ask, browser, address))
    return min(times[True]), min(times[False])


def are_alike(one: float, other: float) -> bool:
    return abs(one - other) <= max(LEAST_TOLERANCE, TOLERANCE * max(one, other))


@pytest.mark.parametrize(("ask", "rounds"), [(request_reset, 50), (sign_up, 15), (sign_in, 15)])
def test_known_and_unknown_addresses_take_the_same_time(
    stage: Stage, user: User, ask: Ask, rounds: int
) -> None:
    browser = stage.browser()
    with stage.hung_worker():
        fastest(ask, browser, user.email, 3)

        measured = (fastest(ask, browser, user.email, rounds) for _ in range(MEASUREMENTS))

        assert any(are_alike(*pair) for pair in measured)
