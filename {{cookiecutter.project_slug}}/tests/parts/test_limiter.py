"""The counter behind all limits: a sliding window in Redis, and one per process without Redis."""

import logging
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis
import time_machine

from config.env import BASE_DIR
from core.limiter import Limit, Limiter
from core.redis_connection import TIMEOUT, ThreadConnection
from devtools.places import throwaway
from devtools.processes import Children
from devtools.valkey import start
from tests.devtools.waiting import until
from tests.limits import Rates, redis_of_this_process

LIMIT = Limit(3, 60)
NOWHERE = "unix:///nowhere/valkey.sock"


@pytest.fixture
def limiter(rates: Rates) -> Limiter:
    return Limiter(redis_of_this_process())


def hits(limiter: Limiter, number: int) -> list[bool]:
    return [wait(limiter) == 0 for _ in range(number)]


def wait(limiter: Limiter, key: str = "key") -> int:
    return limiter.hit([(LIMIT, key)])[0]


def test_so_many_pass_and_no_more(limiter: Limiter) -> None:
    assert hits(limiter, 5) == [True, True, True, False, False]


def test_keys_are_counted_apart(limiter: Limiter) -> None:
    hits(limiter, 3)

    assert wait(limiter, "another key") == 0


def test_window_slides(limiter: Limiter) -> None:
    with time_machine.travel(1_900_000_000, tick=False) as clock:
        hits(limiter, 1)
        clock.shift(50)
        hits(limiter, 2)
        clock.shift(9)
        assert wait(limiter) == 1
        clock.shift(2)
        assert hits(limiter, 2) == [True, False], "the first of the three is older than a minute"
        assert wait(limiter) == 49


def test_refused_hits_do_not_count(limiter: Limiter) -> None:
    with time_machine.travel(1_900_000_000, tick=False) as clock:
        hits(limiter, 3)
        clock.shift(59)
        hits(limiter, 50)
        clock.shift(2)
        assert hits(limiter, 3) == [True, True, True]


def test_request_that_one_limit_refuses_counts_in_none(limiter: Limiter) -> None:
    narrow, wide = (Limit(1, 60), "narrow"), (Limit(2, 60), "wide")

    assert limiter.hit([narrow, wide]) == [0, 0]
    assert [wait > 0 for wait in limiter.hit([narrow, wide])] == [True, False]
    assert limiter.hit([wide]) == [0]
    assert limiter.hit([wide]) != [0]


@pytest.fixture
def asked(limiter: Limiter, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What Redis has been asked since the test began."""
    # It has seen the script, and the connection is there.
    wait(limiter, "before")
    send: Any = redis.Connection.send_packed_command
    sent = []

    def send_and_note(*args: Any, **options: Any) -> None:
        sent.append(args)
        send(*args, **options)

    monkeypatch.setattr("redis.connection.AbstractConnection.send_packed_command", send_and_note)
    return sent


def test_limits_of_one_request_are_one_question(limiter: Limiter, asked: list[Any]) -> None:
    limiter.hit([(LIMIT, "one"), (LIMIT, "two"), (LIMIT, "three")])

    assert len(asked) == 1


def test_whoever_floods_costs_one_question_a_second(limiter: Limiter, asked: list[Any]) -> None:
    with time_machine.travel(1_900_000_000, tick=False) as clock:
        hits(limiter, 3)
        asked.clear()
        for _ in range(10):
            assert not any(hits(limiter, 50))
            clock.shift(1)

    assert len(asked) == 10


def test_refusal_never_stands_for_longer_than_was_said(limiter: Limiter) -> None:
    with time_machine.travel(1_900_000_000, tick=False) as clock:
        hits(limiter, 3)
        clock.shift(56.2)
        refused = 0
        while waits := wait(limiter):
            refused += 1
            assert time.time() + waits >= 1_900_000_060
            clock.shift(0.3)

    assert refused == 13


def test_refusal_does_not_stand_until_a_clock_that_was_set_back_has_caught_up(
    limiter: Limiter,
) -> None:
    with time_machine.travel(1_900_000_000, tick=False) as clock:
        assert hits(limiter, 4) == [True, True, True, False]
        clock.shift(-3_600)
        # Another process has forgotten it.
        with redis.Redis.from_url(redis_of_this_process()) as client:
            client.flushdb()

        assert hits(limiter, 1) == [True]


def test_what_another_process_forgets_is_refused_for_a_second_at_most(limiter: Limiter) -> None:
    with time_machine.travel(1_900_000_000, tick=False) as clock:
        assert hits(limiter, 4) == [True, True, True, False]
        with redis.Redis.from_url(redis_of_this_process()) as client:
            client.flushdb()

        assert hits(limiter, 1) == [False]
        clock.shift(1)
        assert hits(limiter, 1) == [True]


def test_refusal_by_one_limit_does_not_refuse_for_another(limiter: Limiter) -> None:
    narrow, wide = (Limit(1, 60), "narrow"), (Limit(2, 60), "wide")
    limiter.hit([narrow, wide])

    assert [limiter.hit([narrow, wide])[1] for _ in range(3)] == [0, 0, 0]
    assert limiter.hit([wide]) == [0]
    assert limiter.hit([wide]) != [0]


FORK = """
import os
from core.limiter import limiter_at
mine = limiter_at("redis://127.0.0.1:9")
if child := os.fork():
    raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
os._exit(limiter_at("redis://127.0.0.1:9") is mine)
"""


def test_child_process_does_not_talk_over_its_parents_connection() -> None:
    subprocess.run([sys.executable, "-c", FORK], cwd=BASE_DIR, check=True)  # noqa: S603  our own


def test_what_is_forgotten_begins_anew(limiter: Limiter) -> None:
    assert hits(limiter, 4) == [True, True, True, False]

    limiter.forget(LIMIT, "key")

    assert hits(limiter, 4) == [True, True, True, False]


@pytest.fixture
def mine() -> ThreadConnection:
    # Redis-py would ask whether it is there before each command.
    return ThreadConnection(f"{redis_of_this_process()}&health_check_interval=-1")


def test_answer_that_nobody_waited_for_is_taken_for_no_other(mine: ThreadConnection) -> None:
    mine.send("ECHO", "one")
    mine.send("ECHO", "two")

    assert mine.request("ECHO", "three") == b"three"
    assert mine.request("ECHO", "four") == b"four"


def test_error_that_nobody_waited_for_is_no_others(mine: ThreadConnection) -> None:
    mine.send("NONSENSE")

    assert mine.request("ECHO", "one") == b"one"
    with pytest.raises(redis.ResponseError):
        mine.request("NONSENSE")
    assert mine.request("ECHO", "two") == b"two"


def test_each_thread_has_a_connection(mine: ThreadConnection) -> None:
    with ThreadPoolExecutor(1) as other:
        theirs = other.submit(mine.request, "CLIENT", "ID").result()

    assert mine.request("CLIENT", "ID") == mine.request("CLIENT", "ID") != theirs


def test_request_after_a_restart_gets_its_own_answer() -> None:
    place = throwaway()
    with Children(remove=place.sockets) as children:
        url = start(children, place)
        mine = ThreadConnection(url)
        mine.send("ECHO", "one")
        _kill(url, children)
        start(children, place)

        assert mine.request("ECHO", "two") == b"two"


def test_limits_hold_in_the_process_while_redis_is_away(caplog: pytest.LogCaptureFixture) -> None:
    limiter = Limiter(NOWHERE)

    assert hits(limiter, 5) == [True, True, True, False, False]
    limiter.forget(LIMIT, "key")
    assert hits(limiter, 1) == [True]
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_process_forgets_before_it_runs_out_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.limiter.MAX_KEYS", 10)
    limiter = Limiter(NOWHERE)

    for number in range(100):
        wait(limiter, f"key {number}")

    assert len(limiter._own_storage.events) <= 11


def test_process_forgets_refusals_before_it_runs_out_of_memory(
    limiter: Limiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.limiter.MAX_KEYS", 10)

    for number in range(100):
        limiter.hit([(Limit(1, 60), f"key {number}")])
        limiter.hit([(Limit(1, 60), f"key {number}")])

    assert 0 < len(limiter._refusals) <= 10


FIVE_A_SECOND = [(Limit(300, 60), "key")]


def test_who_asks_again_at_once_is_counted_ahead(limiter: Limiter, asked: list[Any]) -> None:
    with time_machine.travel(1_900_000_000, tick=False):
        assert [limiter.hit(FIVE_A_SECOND, ahead=True) for _ in range(11)] == [[0]] * 11

    assert len(asked) == 3, "for the first, and for five at a time"


def test_what_is_counted_ahead_is_good_for_a_second(limiter: Limiter, asked: list[Any]) -> None:
    with time_machine.travel(1_900_000_000, tick=False) as clock:
        limiter.hit(FIVE_A_SECOND, ahead=True)
        limiter.hit(FIVE_A_SECOND, ahead=True)
        clock.shift(0.9)
        limiter.hit(FIVE_A_SECOND, ahead=True)
        assert len(asked) == 2
        clock.shift(0.1)
        limiter.hit(FIVE_A_SECOND, ahead=True)
        assert len(asked) == 3


@pytest.mark.parametrize(
    ("limits", "counted"),
    [
        ([Limit(600, 60)], 10),
        ([Limit(36_000, 3_600)], 10),
        ([Limit(119, 60)], 1),
        ([Limit(30, 60)], 1),
        # Of a short time a second is too large a part.
        ([Limit(600, 1)], 1),
        ([Limit(600, 60), Limit(180, 60)], 3),
        ([Limit(600, 60), Limit(30, 60)], 1),
    ],
)
def test_what_a_client_may_ask_in_a_second_is_counted_at_once(
    limits: list[Limit], counted: int, limiter: Limiter, asked: list[Any]
) -> None:
    hits = [(limit, f"key {number}") for number, limit in enumerate(limits)]
    with time_machine.travel(1_900_000_000, tick=False):
        for _ in range(1 + counted):
            limiter.hit(hits, ahead=True)
        assert len(asked) == 2
        limiter.hit(hits, ahead=True)
        assert len(asked) == 3


@pytest.mark.parametrize("amount", [300, 301, 304, 20])
def test_as_many_pass_where_some_are_counted_ahead(amount: int, limiter: Limiter) -> None:
    limit = [(Limit(amount, 60), "key")]
    with time_machine.travel(1_900_000_000, tick=False):
        passed = [not any(limiter.hit(limit, ahead=True)) for _ in range(amount + 20)]

    assert passed == [True] * amount + [False] * 20


@pytest.mark.parametrize(("at_once", "not_handed_back_yet"), [(1, 0), (2, 4), (7, 4)])
def test_what_was_counted_ahead_and_not_used_is_handed_back(
    at_once: int, not_handed_back_yet: int, limiter: Limiter
) -> None:
    other = Limiter(redis_of_this_process())
    with time_machine.travel(1_900_000_000, tick=False) as clock:
        for _ in range(40):
            for _ in range(at_once):
                limiter.hit(FIVE_A_SECOND, ahead=True)
            clock.shift(1)
        passed = [not any(other.hit(FIVE_A_SECOND)) for _ in range(300)]

    assert passed.count(True) == 300 - 40 * at_once - not_handed_back_yet


def test_what_is_counted_ahead_counts_in_each_limit(limiter: Limiter) -> None:
    other = [(Limit(300, 60), "other")]

    with time_machine.travel(1_900_000_000, tick=False):
        for _ in range(6):
            limiter.hit(FIVE_A_SECOND + other, ahead=True)
        for counted in (FIVE_A_SECOND, other):
            passed = [not any(limiter.hit(counted)) for _ in range(300)]
            assert passed.count(True) == 294


def test_what_was_counted_ahead_passes_though_another_thread_was_refused(
    limiter: Limiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit, request, waits = [(Limit(120, 60), "key")], ThreadConnection.request, []

    def request_and_let_another_ask(connection: ThreadConnection, *words: str | int) -> Any:
        answer = request(connection, *words)
        monkeypatch.undo()
        waits.extend(limiter.hit(limit, ahead=True))
        return answer

    with time_machine.travel(1_900_000_000, tick=False):
        for _ in range(117):
            limiter.hit(limit)
        limiter.hit(limit, ahead=True)
        monkeypatch.setattr(ThreadConnection, "request", request_and_let_another_ask)

        assert [limiter.hit(limit, ahead=True)[0] for _ in range(3)] == [0, 0, 60]
        assert waits == [60]


def test_client_that_is_forgotten_is_counted_anew(limiter: Limiter, asked: list[Any]) -> None:
    with time_machine.travel(1_900_000_000, tick=False):
        limiter.hit(FIVE_A_SECOND, ahead=True)
        limiter.hit(FIVE_A_SECOND, ahead=True)
        limiter.forget(*FIVE_A_SECOND[0])
        asked.clear()

        limiter.hit(FIVE_A_SECOND, ahead=True)
        assert len(asked) == 1


def test_process_forgets_what_it_counted_ahead_before_it_runs_out_of_memory(
    limiter: Limiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.limiter.MAX_KEYS", 10)

    for number in range(100):
        limiter.hit([(Limit(300, 60), f"key {number}")], ahead=True)

    assert 0 < len(limiter._leases) <= 10


@pytest.mark.parametrize("pause", [0, 3_600])
def test_outage_is_logged_once_and_ends_by_itself_after_the_pause(
    pause: float, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "core.limiter")
    place = throwaway()
    with Children(remove=place.sockets) as children:
        url = start(children, place)
        limiter = Limiter(url, pause=pause)
        hits(limiter, 3)
        _kill(url, children)
        during = hits(limiter, 4)
        start(children, place)
        after = hits(limiter, 4)

    assert during == [True, True, True, False], "counted by the process, from nothing"
    by_the_new_server = [True, True, True, False]
    assert after == ([False] * 4 if pause else by_the_new_server)
    messages = [record.getMessage().partition(",")[0] for record in caplog.records]
    assert messages == ["Redis is away", "Redis is back"][: 1 if pause else 2]


def test_forgetting_waits_for_no_answer() -> None:
    place = throwaway()
    with Children(remove=place.sockets) as children:
        url = start(children, place)
        limiter, server = Limiter(url), _process(url)
        hits(limiter, 3)
        os.kill(server, signal.SIGSTOP)
        try:
            began = time.monotonic()
            limiter.forget(LIMIT, "key")
            took = time.monotonic() - began
        finally:
            os.kill(server, signal.SIGCONT)

        assert took < TIMEOUT
        assert hits(limiter, 4) == [True, True, True, False]


def test_redis_that_hangs_costs_one_request_its_patience_and_the_next_nothing() -> None:
    place = throwaway()
    with Children(remove=place.sockets) as children:
        url = start(children, place)
        limiter, server = Limiter(url), _process(url)
        os.kill(server, signal.SIGSTOP)
        try:
            began = time.monotonic()
            during = hits(limiter, 4)
            took = time.monotonic() - began
        finally:
            os.kill(server, signal.SIGCONT)

    assert during == [True, True, True, False]
    assert TIMEOUT <= took < 4 * TIMEOUT


def _kill(url: str, children: Children) -> None:
    os.kill(_process(url), signal.SIGKILL)
    until(children.take_ended)


def _process(url: str) -> int:
    with redis.Redis.from_url(url) as client:
        return int(client.info("server")["process_id"])
