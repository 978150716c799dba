"""Counts hits against limits: in Redis, in one atomic step each.

While Redis is away each process goes on counting by itself, so that its limits are as many times
higher as there are processes; a log line says when that begins and when it ends.
"""

import logging
import time
from collections.abc import Callable
from functools import cache
from math import ceil
from threading import Lock
from typing import TypeVar

import redis
from django.conf import settings
from limits import RateLimitItem
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = logging.getLogger(__name__)

MAX_OWN_KEYS = 10_000
"""How many keys a process counts by itself: its memory is not for whoever invents addresses."""
TIMEOUT = 0.25
"""Seconds that Redis has to answer."""

T = TypeVar("T")


class Limiter:
    """A sliding window, exact: no span of a limit's length ever holds more hits than it allows.

    Hits that are refused do not count.

    Args:
        pause: seconds after a failure in which Redis is not asked again: each request would pay.
    """

    def __init__(self, redis_url: str, *, pause: float = 5.0) -> None:
        pool = redis.ConnectionPool.from_url(
            redis_url,
            socket_timeout=TIMEOUT,
            socket_connect_timeout=TIMEOUT,
            # A connection from before a restart of Redis is replaced at once.
            retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
        )
        storage = RedisStorage("redis://", connection_pool=pool, wrap_exceptions=True)
        self._shared = MovingWindowRateLimiter(storage)
        self._own_storage = MemoryStorage()
        self._own = MovingWindowRateLimiter(self._own_storage)
        self._pause = pause
        self._lock = Lock()
        self._is_away = False
        self._asked_again_at = 0.0

    def hit(self, limit: RateLimitItem, *key: str) -> int:
        """Counts one, and returns 0; or the seconds until one would count again."""

        def decide(limiter: MovingWindowRateLimiter) -> int:
            if limiter.hit(limit, *key):
                return 0
            free_at = limiter.get_window_stats(limit, *key).reset_time
            return max(ceil(free_at - time.time()), 1)

        return self._ask(decide)

    def forget(self, limit: RateLimitItem, *key: str) -> None:
        """Begins anew."""
        self._ask(lambda limiter: limiter.clear(limit, *key))

    def _ask(self, question: Callable[[MovingWindowRateLimiter], T]) -> T:
        asked_at = time.monotonic()
        if asked_at >= self._asked_again_at:
            try:
                answer = question(self._shared)
            except StorageError as error:
                self._note_failure(error)
            else:
                if self._is_away:
                    self._note_success(asked_at)
                return answer
        return question(self._own_window())

    def _own_window(self) -> MovingWindowRateLimiter:
        if len(self._own_storage.events) > MAX_OWN_KEYS:
            self._own_storage.reset()
        return self._own

    def _note_failure(self, error: StorageError) -> None:
        with self._lock:
            was_away, self._is_away = self._is_away, True
            self._asked_again_at = time.monotonic() + self._pause
        if not was_away:
            logger.warning("Redis is away, limits hold per process: %s", error.storage_error)

    def _note_success(self, asked_at: float) -> None:
        with self._lock:
            # An answer from before the failure that another thread has just noted says nothing.
            is_back = self._is_away and asked_at >= self._asked_again_at
            self._is_away = self._is_away and not is_back
        if is_back:
            self._own_storage.reset()
            logger.warning("Redis is back, limits hold for all processes together")


@cache
def limiter_at(redis_url: str) -> Limiter:
    return Limiter(redis_url)


def limiter() -> Limiter:
    return limiter_at(settings.REDIS_URL)
