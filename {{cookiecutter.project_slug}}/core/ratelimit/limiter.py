"""Counts hits in Redis, in one atomic step for all limits of a request.

While Redis is unavailable or refuses the script, each process counts alone, and the log says so.
"""

import logging
import time
from collections.abc import Callable, Sequence
from functools import cache
from threading import Lock
from typing import TypeVar, cast

import redis
from django.conf import settings

from core import redis_server
from core.ratelimit.local import Limit, LocalLimiter

logger = logging.getLogger(__name__)

# Seconds for each answer of Redis.
TIMEOUT = 0.25

_HIT = """
local now, waits, longest = tonumber(ARGV[1]), {}, 0
for i, key in ipairs(KEYS) do
    local amount, window = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
    -- The newest hit is first. Once this one is older than the window, another hit fits in.
    local oldest = tonumber(redis.call("LINDEX", key, amount - 1) or 0)
    waits[i] = math.max(math.ceil(oldest + window - now), 0)
    longest = math.max(longest, waits[i])
end
if longest == 0 then
    for i, key in ipairs(KEYS) do
        redis.call("LPUSH", key, ARGV[1])
        redis.call("LTRIM", key, 0, ARGV[2 * i] - 1)
        redis.call("EXPIRE", key, ARGV[2 * i + 1])
    end
end
return waits
"""
_PROBE = Limit("health", 1_000, 1)
T = TypeVar("T")


class Limiter:
    """After a failure, it uses Redis again after ``pause`` seconds."""

    def __init__(self, client: redis.Redis, *, pause: float = 5.0) -> None:
        self._client = client
        self._script = client.register_script(_HIT)
        self._local = LocalLimiter()
        self._pause = pause
        self._lock = Lock()
        self._problem = ""
        self._failed_at = self._ask_again_at = 0.0

    def hit(self, key: str, limits: Sequence[Limit]) -> list[int]:
        """Counts the hit in all limits, or in none if one is exceeded.

        Returns the seconds to wait for each limit, 0 if it is not exceeded.
        """
        now = time.time()
        waits = self._ask(lambda: self._hit_shared(key, limits, now))
        return self._local.hit(key, limits, now=now) if waits is None else waits

    def forget(self, key: str, limit: Limit) -> None:
        """Resets the count of the key."""
        self._local.forget(key, limit)
        self._ask(lambda: self._client.delete(_name(key, limit)))

    def probe(self) -> None:
        """Raises ``RedisError`` if Redis is unavailable or unusable for limits or Celery."""
        redis_server.refuse_cluster(self._client)
        # A full or read-only server answers PING.
        self._hit_shared("health", [_PROBE], time.time())

    def _hit_shared(self, key: str, limits: Sequence[Limit], now: float) -> list[int]:
        names = [_name(key, limit) for limit in limits]
        rates = [number for limit in limits for number in (limit.amount, limit.window)]
        return cast(list[int], self._script(keys=names, args=[repr(now), *rates]))

    def _ask(self, question: Callable[[], T]) -> T | None:
        """Returns None while Redis is unavailable."""
        began = time.monotonic()
        if self._problem and not self._may_try_again(began):
            return None
        try:
            answer = question()
        except redis.RedisError as error:
            self._note_failure(error)
            return None
        if self._problem:
            self._note_success(began)
        return answer

    def _may_try_again(self, now: float) -> bool:
        with self._lock:
            if now < self._ask_again_at:
                return False
            # Only this request waits for the answer.
            self._ask_again_at = now + self._pause
            return True

    def _note_failure(self, error: redis.RedisError) -> None:
        is_outage = redis_server.is_outage(error)
        problem = "is unavailable" if is_outage else "refuses to count"
        with self._lock:
            is_new, self._problem = problem != self._problem, problem
            self._failed_at = time.monotonic()
            self._ask_again_at = self._failed_at + self._pause
        if is_new:
            level = logging.WARNING if is_outage else logging.ERROR
            text = "Redis %s, rate limits apply per process: %s"
            logger.log(level, text, problem, redis_server.reason(error))

    def _note_success(self, began: float) -> None:
        with self._lock:
            # The answer may be older than another request's failure.
            if not self._problem or began < self._failed_at:
                return
            self._problem = ""
        self._local.clear()
        logger.warning("Redis is available again, rate limits apply to all processes together")


def _name(key: str, limit: Limit) -> str:
    # The braces are a hash tag: in a cluster, all keys of a request are in one slot.
    return f"limit/{{{key}}}/{limit.scope}"


@cache
def limiter_at(redis_url: str) -> Limiter:
    return Limiter(redis_server.server_at(redis_url).client(timeout=TIMEOUT))


def limiter() -> Limiter:
    return limiter_at(settings.REDIS_URL)
