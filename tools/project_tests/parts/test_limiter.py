"""Rate limits: a sliding window in Redis, and one per process while Redis is unavailable."""

import logging
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import redis
import time_machine

from core import redis_server
from core.ratelimit import local
from core.ratelimit.limiter import TIMEOUT, Limiter, limiter_at
from core.ratelimit.local import Limit
from devtools.places import throwaway
from devtools.processes import Children
from devtools.valkey import start
from tests.limits import Rates, redis_of_this_process
from tests.races.concurrency import at_once
from tests.waiting import until

LIMIT = Limit("login", 3, 60)
GUARD = Limit("login_account", 3, 60)
NOWHERE = "unix:///nowhere/valkey.sock"
NOON = 1_900_000_000


def limiter_of(url: str, **options: Any) -> Limiter:
    return Limiter(redis_server.server_at(url).client(timeout=30), **options)


@pytest.fixture(params=["shared", "local"])
def limiter(request: pytest.FixtureRequest, rates: Rates) -> Limiter:
    """In Redis, and in the process: they count alike."""
    return limiter_of(redis_of_this_process() if request.param == "shared" else NOWHERE)


@pytest.fixture
def shared(rates: Rates) -> Limiter:
    return limiter_of(redis_of_this_process())


@pytest.fixture
def server(rates: Rates) -> Iterator["redis.Redis"]:
    with redis.Redis.from_url(redis_of_this_process(), decode_responses=True) as client:
        yield client


def hits(limiter: Limiter, number: int, *, key: str = "key", limit: Limit = LIMIT) -> list[bool]:
    return [wait(limiter, key, limit) == 0 for _ in range(number)]


def wait(limiter: Limiter, key: str = "key", limit: Limit = LIMIT) -> int:
    return limiter.hit(key, [limit])[0]


def test_so_many_pass_and_no_more(limiter: Limiter) -> None:
    assert hits(limiter, 5) == [True, True, True, False, False]


def test_keys_are_counted_apart(limiter: Limiter) -> None:
    hits(limiter, 3)

    assert wait(limiter, "another key") == 0


def test_window_slides(limiter: Limiter) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        hits(limiter, 1)
        clock.shift(50)
        hits(limiter, 2)
        clock.shift(9)
        assert wait(limiter) == 1
        clock.shift(2)
        assert hits(limiter, 2) == [True, False], "the first of the three is older than a minute"
        assert wait(limiter) == 49


def test_refused_hits_do_not_count(limiter: Limiter) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        hits(limiter, 3)
        clock.shift(59)
        hits(limiter, 50)
        clock.shift(2)
        assert hits(limiter, 3) == [True, True, True]


def test_request_that_one_limit_refuses_counts_in_none(limiter: Limiter) -> None:
    narrow, wide = Limit("narrow", 1, 60), Limit("wide", 2, 60)

    assert limiter.hit("key", [narrow, wide]) == [0, 0]
    assert [wait > 0 for wait in limiter.hit("key", [narrow, wide])] == [True, False]
    assert limiter.hit("key", [wide]) == [0]
    assert limiter.hit("key", [wide]) != [0]


def test_key_that_is_forgotten_is_counted_from_zero(limiter: Limiter) -> None:
    assert hits(limiter, 4) == [True, True, True, False]

    limiter.forget("key", LIMIT)

    assert hits(limiter, 4) == [True, True, True, False]


def test_what_another_process_forgets_is_not_refused(shared: Limiter) -> None:
    assert hits(shared, 4) == [True, True, True, False]

    limiter_of(redis_of_this_process()).forget("key", LIMIT)

    assert hits(shared, 1) == [True]


@pytest.mark.parametrize("limit", [Limit("user", 600, 60), Limit("a", 20, 3_600)])
def test_limit_is_exact_over_two_processes(limit: Limit, shared: Limiter) -> None:
    processes = [shared, limiter_of(redis_of_this_process())]
    with time_machine.travel(NOON, tick=False):
        passed = [wait(processes[number % 2], limit=limit) == 0 for number in range(650)]

    assert passed == [True] * limit.amount + [False] * (650 - limit.amount)


def test_limits_of_a_request_are_one_command() -> None:
    limits = [Limit("anon", 9, 60), Limit("login", 9, 60), Limit("user", 9, 60)]
    # The statistics of a shared server are those of all its clients.
    with valkey() as (url, _, _), redis.Redis.from_url(url) as server:
        limiter = limiter_of(url)
        limiter.hit("before", limits)
        server.config_resetstat()

        limiter.hit("key", limits)

        commands = server.info("commandstats")
    assert commands["cmdstat_evalsha"]["calls"] == 1
    assert not {"cmdstat_eval", "cmdstat_hello", "cmdstat_ping"} & commands.keys()


def test_script_that_the_server_has_lost_is_sent_again(
    shared: Limiter, server: "redis.Redis", caplog: pytest.LogCaptureFixture
) -> None:
    hits(shared, 2)
    server.script_flush()

    assert hits(shared, 2) == [True, False]
    assert not caplog.records


def test_keys_of_a_request_are_of_one_slot(shared: Limiter, server: "redis.Redis") -> None:
    shared.hit("key", [LIMIT, GUARD])

    assert sorted(server.keys()) == ["limit/{key}/login", "limit/{key}/login_account"]


# While Redis is unavailable


@contextmanager
def valkey() -> Iterator[tuple[str, Children, Any]]:
    """A server of our own, which may be killed: its URL, its processes, and its place."""
    place = throwaway()
    with Children(remove=place.sockets) as children:
        yield start(children, place), children, place


def test_limits_apply_in_the_process_while_redis_is_unavailable(
    caplog: pytest.LogCaptureFixture,
) -> None:
    limiter = limiter_of(NOWHERE)

    assert hits(limiter, 5) == [True, True, True, False, False]
    limiter.forget("key", LIMIT)
    assert hits(limiter, 1) == [True]
    assert [record.levelname for record in caplog.records] == ["WARNING"]


@pytest.mark.parametrize("pause", [0, 3_600])
def test_outage_is_logged_once_and_ends_after_the_pause(
    pause: float, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "core.ratelimit")
    with valkey() as (url, children, place):
        limiter = limiter_of(url, pause=pause)
        hits(limiter, 3)
        _kill(url, children)
        during = hits(limiter, 4)
        start(children, place)
        after = hits(limiter, 4)

    assert during == [True, True, True, False], "counted by the process, from nothing"
    by_the_new_server = [True, True, True, False]
    assert after == ([False] * 4 if pause else by_the_new_server)
    messages = [record.getMessage().partition(",")[0] for record in caplog.records]
    assert messages == ["Redis is unavailable", "Redis is available again"][: 1 if pause else 2]


def test_restart_of_redis_costs_no_request_its_count(caplog: pytest.LogCaptureFixture) -> None:
    with valkey() as (url, children, place):
        limiter = limiter_of(url)
        hits(limiter, 1)
        _kill(url, children)
        start(children, place)

        assert hits(limiter, 4) == [True, True, True, False]
        assert not caplog.records


def test_redis_has_a_quarter_of_a_second() -> None:
    assert TIMEOUT == 0.25


def test_redis_that_hangs_costs_one_request_a_timeout_and_the_next_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("core.ratelimit.limiter.TIMEOUT", 3)
    with valkey() as (url, _, _):
        limiter, server = limiter_at(url), _process(url)
        hits(limiter, 1)
        os.kill(server, signal.SIGSTOP)
        try:
            began = time.monotonic()
            during = hits(limiter, 4)
            took = time.monotonic() - began
        finally:
            os.kill(server, signal.SIGCONT)

    assert during == [True, True, True, False]
    assert 3 <= took < 6


REFUSALS = {
    "full": {"maxmemory": "1", "maxmemory-policy": "noeviction"},
    "protected": {"requirepass": "another password"},
}


@pytest.mark.parametrize("options", REFUSALS.values(), ids=REFUSALS)
def test_redis_that_refuses_to_count_is_an_error_and_no_outage(
    options: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    with valkey() as (url, _, _):
        with redis.Redis.from_url(url) as client:
            for name, value in options.items():
                client.config_set(name, value)
        limiter = limiter_of(url)

        assert hits(limiter, 4) == [True, True, True, False]
        with pytest.raises(redis.RedisError):
            limiter.probe()

    [record] = caplog.records
    assert record.levelname == "ERROR"
    assert record.getMessage().startswith("Redis refuses to count, rate limits apply per process:")


def test_words_of_an_error_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """A server whose AUTH has another name repeats the password."""
    with valkey() as (url, _, _):
        with redis.Redis.from_url(url) as client:
            client.acl_setuser("ada", enabled=True, nopass=True, commands=["-@all"])
        wait(limiter_of(url.replace("unix://", "unix://ada:hunter2@")))

    [record] = caplog.records
    assert "NoPermissionError" in record.getMessage()
    assert "ada" not in record.getMessage()


# What a stranger can fill


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Limiter:
    """With room for ten keys of a scope."""
    monkeypatch.setattr(local, "MAX_KEYS", 10)
    monkeypatch.setattr(local, "SHARED_SLOTS", 4)
    return limiter_of(NOWHERE)


def flood(limiter: Limiter, limit: Limit, number: int = 100) -> list[bool]:
    return [wait(limiter, f"made up {number}", limit) == 0 for number in range(number)]


def test_full_store_drops_the_client_that_was_counted_longest_ago(small: Limiter) -> None:
    hits(small, 3, key="first")
    flood(small, LIMIT, 8)
    hits(small, 3, key="last")

    flood(small, LIMIT, 9)

    assert hits(small, 1, key="last") == [False]
    assert hits(small, 1, key="first") == [True]


def test_flood_of_one_scope_drops_nothing_of_another(small: Limiter) -> None:
    hits(small, 3)

    flood(small, Limit("anon", 3, 60))
    flood(small, Limit("password_reset_account", 3, 60))

    assert hits(small, 1) == [False]


def test_flood_of_made_up_accounts_drops_the_guard_of_none(small: Limiter) -> None:
    hits(small, 3, limit=GUARD)

    flood(small, GUARD)

    assert hits(small, 1, limit=GUARD) == [False]


def test_account_that_a_flood_left_no_room_for_is_guarded(small: Limiter) -> None:
    flood(small, GUARD, 10)

    assert hits(small, 4, limit=GUARD) == [True, True, True, False]


def test_account_stays_counted_when_the_flood_is_over(small: Limiter) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        flood(small, GUARD, 10)
        clock.shift(59)
        assert hits(small, 3, limit=GUARD) == [True] * 3
        clock.shift(2)

        assert hits(small, 1, limit=GUARD) == [False]
        clock.shift(59)
        assert hits(small, 4, limit=GUARD) == [True, True, True, False]


def test_right_password_of_one_account_clears_the_count_of_no_other(small: Limiter) -> None:
    flood(small, GUARD)
    hits(small, 3, limit=GUARD)

    for number in range(50):
        small.forget(f"an attacker's {number}", GUARD)

    assert hits(small, 1, limit=GUARD) == [False]


@pytest.mark.parametrize("limit", [LIMIT, GUARD])
def test_process_keeps_no_more_keys_than_it_has_room_for(limit: Limit, small: Limiter) -> None:
    flood(small, limit, 1_000)

    [store] = small._local._stores.values()
    assert 10 <= len(store.hits) <= 14


def _kill(url: str, children: Children) -> None:
    os.kill(_process(url), signal.SIGKILL)
    until(children.take_ended)


def _process(url: str) -> int:
    with redis.Redis.from_url(url) as client:
        return int(client.info("server")["process_id"])


def test_limit_is_exact_over_the_threads_of_two_processes(rates: Rates) -> None:
    server = redis_server.server_at(redis_of_this_process())
    processes = [Limiter(server.client(timeout=5)) for _ in range(2)]
    limits = [Limit("user", 120, 60), Limit("login", 130, 60)]

    waits = at_once(150, lambda number: processes[number % 2].hit("key", limits))

    assert sum(not any(wait) for wait in waits) == 120
