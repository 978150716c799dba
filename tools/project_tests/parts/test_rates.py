"""``THROTTLE_RATES``: what it may say, and what it changes."""

from collections.abc import Callable

import pytest

from config.env import Environment
from config.settings.throttling import DEFAULT_RATES, EXPECTED, to_rates

Read = Callable[[str], dict[str, str | None]]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Read:
    def read(raw: str) -> dict[str, str | None]:
        monkeypatch.setenv("THROTTLE_RATES", raw)
        environment = Environment()
        rates = environment.read("THROTTLE_RATES", to_rates, DEFAULT_RATES, EXPECTED)
        assert not environment.problems, environment.problems
        return rates

    return read


def test_defaults_hold_where_nothing_is_said(read: Read) -> None:
    assert read("") == DEFAULT_RATES


def test_what_is_said_goes_over_the_defaults(read: Read) -> None:
    rates = read("login=10/min, anon=1/s")

    assert rates == DEFAULT_RATES | {"login": "10/min", "anon": "1/s"}


def test_one_limit_can_be_lifted(read: Read) -> None:
    assert read("refresh=off") == DEFAULT_RATES | {"refresh": None}


def test_all_limits_can_be_lifted(read: Read) -> None:
    assert set(read("off").values()) == {None}
    assert read("off").keys() == DEFAULT_RATES.keys()


@pytest.mark.parametrize(
    "raw",
    [
        *("login", "login=", "login=ten/min", "login=0/min", "login=-1/min", "login=5/fortnight"),
        *("signin=5/min", "login=5/min,", "login=5/min;anon=5/min", "on", "login=5/10min"),
    ],
)
def test_nonsense_is_refused_with_the_name_of_the_variable(
    raw: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THROTTLE_RATES", raw)
    environment = Environment()

    rates = environment.read("THROTTLE_RATES", to_rates, DEFAULT_RATES, EXPECTED)

    assert rates == DEFAULT_RATES
    assert environment.problems["THROTTLE_RATES"].startswith("THROTTLE_RATES must be rates")
