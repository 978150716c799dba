"""Counts hits against limits: in Redis, all limits of a request in one atomic step.

While Redis is unavailable, or refuses the command, each process counts on its own, so a limit is as
many times higher as there are processes. The log says when that begins and when it ends.
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

TIMEOUT = 0.25
"""Seconds that Redis has to answer."""

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
    """A sliding window, exact: no span of a limit's length ever holds more hits than it allows.

    Args:
        pause: seconds after a failure in which Redis is not asked again: each request would wait.
    """

    def __init__(self, client: redis.Redis, *, pause: float = 5.0) -> None:
        self._client = client
        self._script = client.register_script(_HIT)
        self._local = LocalLimiter()
        self._pause = pause
        self._lock = Lock()
        self._problem = ""
        self._failed_at = self._ask_again_at = 0.0

    def hit(self, key: str, limits: Sequence[Limit]) -> list[int]:
        """Counts the hit in each limit, or in none where one limit is exceeded.

        Returns:
            for each limit the seconds until the hit would count, 0 where it is not exceeded.
        """
        now = time.time()
        waits = self._ask(lambda: self._hit_shared(key, limits, now))
        return self._local.hit(key, limits, now=now) if waits is None else waits

    def forget(self, key: str, limit: Limit) -> None:
        """The limit begins to count the key from zero."""
        self._local.forget(key, limit)
        self._ask(lambda: self._client.delete(_name(key, limit)))

    def probe(self) -> None:
        """Does what a request does, and asks Redis even during the pause.

        Raises:
            RedisError: Redis is unavailable, or refuses what limits or Celery need.
        """
        redis_server.refuse_cluster(self._client)
        # A PING would be answered by a server that is full, or that lets us read only.
        self._hit_shared("health", [_PROBE], time.time())

    def _hit_shared(self, key: str, limits: Sequence[Limit], now: float) -> list[int]:
        names = [_name(key, limit) for limit in limits]
        rates = [number for limit in limits for number in (limit.amount, limit.window)]
        return cast(list[int], self._script(keys=names, args=[repr(now), *rates]))

    def _ask(self, question: Callable[[], T]) -> T | None:
        """None while Redis is unavailable."""
        began = time.monotonic()
        if not self._may_ask(began):
            return None
        try:
            answer = question()
        except redis.RedisError as error:
            self._note_failure(error)
            return None
        if self._problem:
            self._note_success(began)
        return answer

    def _may_ask(self, now: float) -> bool:
        if not self._problem:
            return True
        with self._lock:
            if now < self._ask_again_at:
                return False
            # One request finds out whether Redis is there, and no other waits for the answer.
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
            # An answer from before the failure of another request says nothing.
            if not self._problem or began < self._failed_at:
                return
            self._problem = ""
        self._local.clear()
        logger.warning("Redis is available again, rate limits apply to all processes together")


def _name(key: str, limit: Limit) -> str:
    # The braces are a hash tag: all keys of a request are of one slot of a cluster.
    return f"limit/{{{key}}}/{limit.scope}"


@cache
def limiter_at(redis_url: str) -> Limiter:
    return Limiter(redis_server.server_at(redis_url).client(timeout=TIMEOUT))


def limiter() -> Limiter:
    return limiter_at(settings.REDIS_URL)
