"""Counts hits against limits: in Redis, all that one request counts in one atomic step.

While Redis is away each process goes on counting by itself, so that its limits are as many times
higher as there are processes; a log line says when that begins and when it ends.
"""

import logging
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from hashlib import sha1
from math import ceil
from threading import Lock, local
from typing import Any, TypeVar, cast

import redis
from django.conf import settings
from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from redis.exceptions import NoScriptError

logger = logging.getLogger(__name__)

MAX_KEYS = 10_000
"""How many keys a process remembers: its memory is not for whoever invents addresses."""
REFUSAL = 1
"""Whole seconds for which a refusal stands without another question, which a flood would repeat."""
TIMEOUT = 0.25
"""Seconds that Redis has to answer."""

# One script for any number of limits: each further question would cost a request as much as this.
_HIT = """
local now, waits, is_free = ARGV[1], {}, true
for i, key in ipairs(KEYS) do
    local amount, window = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
    -- The newest is first: once this one is older than the window, one more fits in.
    local oldest = tonumber(redis.call("LINDEX", key, amount - 1) or 0)
    waits[i] = math.max(math.ceil(oldest + window - tonumber(now)), 0)
    is_free = is_free and waits[i] == 0
end
if is_free then
    for i, key in ipairs(KEYS) do
        redis.call("LPUSH", key, now)
        redis.call("LTRIM", key, 0, tonumber(ARGV[2 * i]) - 1)
        redis.call("EXPIRE", key, ARGV[2 * i + 1])
    end
end
return waits
"""

# Redis names a script by this digest; it guards nothing.
_HIT_SHA = sha1(_HIT.encode(), usedforsecurity=False).hexdigest()

Limit = RateLimitItemPerSecond
"""``amount`` hits in ``multiples`` seconds."""
Hit = tuple[Limit, str]
"""A limit, and what is counted against it."""
T = TypeVar("T")


class ThreadConnection(local):
    """A connection for each thread: taking one from a pool costs more than the question."""

    def __init__(self, url: str) -> None:
        pool = redis.ConnectionPool.from_url(
            url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT
        )
        self._connection: Any = pool.make_connection()
        self._unread = 0

    def request(self, *words: str | int) -> Any:
        """
        Raises:
            RedisError: it did not answer, or with an error.
        """
        try:
            return self._exchange(words)
        except redis.ConnectionError:
            # The connection may be from before a restart of Redis; it is made anew.
            return self._exchange(words)

    def send(self, *words: str | int) -> None:
        """Does not wait for the answer; the next request throws it away.

        Raises:
            RedisError: it could not be sent.
        """
        try:
            self._send(words)
        except BaseException:
            self._begin_anew()
            raise
        self._unread += 1

    def _exchange(self, words: tuple[str | int, ...]) -> Any:
        try:
            self._send(words)
            self._throw_away_unread()
            return self._connection.read_response()
        except redis.ResponseError:
            raise
        except BaseException:
            self._begin_anew()
            raise

    def _send(self, words: tuple[str | int, ...]) -> None:
        # A health check would take an answer that is still to be read for its own.
        self._connection.send_command(*words, check_health=False)

    def _throw_away_unread(self) -> None:
        while self._unread:
            with suppress(redis.ResponseError):
                self._connection.read_response()
            self._unread -= 1

    def _begin_anew(self) -> None:
        """No answer may be taken for that of another request, even after a failure."""
        self._connection.disconnect()
        self._unread = 0


class Limiter:
    """A sliding window, exact: no span of a limit's length ever holds more hits than it allows.

    Hits that are refused do not count. What one thread forgets, another, or another process, may
    refuse for ``REFUSAL`` seconds more, if it has just done so.

    Args:
        pause: seconds after a failure in which Redis is not asked again: each request would pay.
    """

    def __init__(self, redis_url: str, *, pause: float = 5.0) -> None:
        self._connection = ThreadConnection(redis_url)
        self._refusals: dict[tuple[str, ...], tuple[float, list[int]]] = {}
        self._own_storage = MemoryStorage()
        self._own = MovingWindowRateLimiter(self._own_storage)
        self._pause = pause
        self._lock = Lock()
        self._is_away = False
        self._asked_again_at = 0.0

    def hit(self, hits: Sequence[Hit]) -> list[int]:
        """Counts them all, or none where one of them is one too many.

        Returns:
            for each the seconds until it would count, 0 where its limit is not reached.
        """
        names = tuple(_redis_key(*hit) for hit in hits)
        return self._refused_just_now(names) or self._ask(
            lambda: self._hit_shared(names, hits), lambda: list(map(self._hit_own, hits))
        )

    def forget(self, limit: Limit, key: str) -> None:
        """Begins anew, for a limit that is hit by itself."""
        name = _redis_key(limit, key)
        self._refusals.pop((name,), None)
        self._own_storage.clear(limit.key_for(key))
        if time.monotonic() < self._asked_again_at:
            return
        try:
            self._connection.send("DEL", name)
        except redis.RedisError as error:
            self._note_failure(error)

    def _refused_just_now(self, names: tuple[str, ...]) -> list[int]:
        """Empty where nothing was."""
        since, waits = self._refusals.get(names, (0.0, []))
        return waits if abs(time.time() - since) < REFUSAL else []

    def _hit_shared(self, names: tuple[str, ...], hits: Sequence[Hit]) -> list[int]:
        now = time.time()
        rates = [number for limit, _ in hits for number in (limit.amount, limit.multiples)]
        words: list[str | int] = [len(names), *names, repr(now), *rates]
        try:
            waits = cast(list[int], self._connection.request("EVALSHA", _HIT_SHA, *words))
        except NoScriptError:
            waits = cast(list[int], self._connection.request("EVAL", _HIT, *words))
        # Seconds are rounded up: a wait of 1 may be over before REFUSAL is, one of 2 is not.
        if max(waits, default=0) > REFUSAL:
            if len(self._refusals) >= MAX_KEYS:
                self._refusals.clear()
            self._refusals[names] = (now, waits)
        return waits

    def _hit_own(self, hit: Hit) -> int:
        # A request that one limit refuses may count in another: nobody else is asked here.
        if self._own.hit(*hit):
            return 0
        free_at = self._own.get_window_stats(*hit).reset_time
        return max(ceil(free_at - time.time()), 1)

    def _ask(self, shared: Callable[[], T], own: Callable[[], T]) -> T:
        asked_at = time.monotonic()
        if asked_at >= self._asked_again_at:
            try:
                answer = shared()
            except redis.RedisError as error:
                self._note_failure(error)
            else:
                if self._is_away:
                    self._note_success(asked_at)
                return answer
        if len(self._own_storage.events) > MAX_KEYS:
            self._own_storage.reset()
        return own()

    def _note_failure(self, error: redis.RedisError) -> None:
        with self._lock:
            was_away, self._is_away = self._is_away, True
            self._asked_again_at = time.monotonic() + self._pause
        if not was_away:
            logger.warning("Redis is away, limits hold per process: %s", error)

    def _note_success(self, asked_at: float) -> None:
        with self._lock:
            # An answer from before the failure that another thread has just noted says nothing.
            is_back = self._is_away and asked_at >= self._asked_again_at
            self._is_away = self._is_away and not is_back
        if is_back:
            self._own_storage.reset()
            logger.warning("Redis is back, limits hold for all processes together")


def _redis_key(limit: Limit, key: str) -> str:
    # Shorter to make than ``limit.key_for``, which every request would pay for.
    return f"limit/{limit.namespace}/{key}"


@cache
def limiter_at(redis_url: str) -> Limiter:
    return Limiter(redis_url)


# Two processes must not talk over one connection.
os.register_at_fork(after_in_child=limiter_at.cache_clear)


def limiter() -> Limiter:
    return limiter_at(settings.REDIS_URL)
