"""Counts hits against limits: in Redis, all that one request counts in one atomic step.

While Redis is away each process goes on counting by itself, so that its limits are as many times
higher as there are processes; a log line says when that begins and when it ends.
"""

import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha1
from math import ceil
from threading import Lock
from typing import TypeVar, cast

import redis
from django.conf import settings
from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from redis.exceptions import NoScriptError

from core.redis_connection import ThreadConnection

logger = logging.getLogger(__name__)

MAX_KEYS = 10_000
"""How many keys a process remembers: its memory is not for whoever invents addresses."""
LEASE = 1
"""Seconds in which a process may use up what it has counted ahead; it hands back what is left."""
MIN_LEASED = 60
"""Seconds that a limit must count over, for hits to be counted ahead: so they are a sixtieth."""
REFUSAL = 1
"""Whole seconds for which a refusal stands without another question, which a flood would repeat."""

# One script for any number of limits: each further question would cost a request as much as this.
_HIT = """
local now, wanted, unused, leased_at = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local amounts, windows = {}, {}
for i, key in ipairs(KEYS) do
    amounts[i], windows[i] = tonumber(ARGV[2 * i + 3]), tonumber(ARGV[2 * i + 4])
    if unused > 0 then redis.call("LREM", key, unused, leased_at) end
end

local function waits_for(count)
    local waits, longest = {}, 0
    for i, key in ipairs(KEYS) do
        -- The newest is first: once this one is older than the window, so many more fit in.
        local oldest = tonumber(redis.call("LINDEX", key, amounts[i] - count) or 0)
        waits[i] = math.max(math.ceil(oldest + windows[i] - tonumber(now)), 0)
        longest = math.max(longest, waits[i])
    end
    return waits, longest
end

local taken, waits, longest = wanted, waits_for(wanted)
if longest > 0 and wanted > 1 then
    taken, waits, longest = 1, waits_for(1)
end
if longest == 0 then
    for i, key in ipairs(KEYS) do
        for _ = 1, taken do redis.call("LPUSH", key, now) end
        redis.call("LTRIM", key, 0, amounts[i] - 1)
        redis.call("EXPIRE", key, windows[i])
    end
end
table.insert(waits, 1, taken)
return waits
"""

# Redis names a script by this digest; it guards nothing.
_HIT_SHA = sha1(_HIT.encode(), usedforsecurity=False).hexdigest()

Limit = RateLimitItemPerSecond
"""``amount`` hits in ``multiples`` seconds."""
Hit = tuple[Limit, str]
"""A limit, and what is counted against it."""
Names = tuple[str, ...]
"""The keys in Redis of what one request counts."""
T = TypeVar("T")


@dataclass(slots=True)
class Lease:
    """Hits of a client that count already, and are still to come."""

    counted_at: float
    left: int


NO_LEASE = Lease(0.0, 0)


class Limiter:
    """A sliding window, exact: no span of a limit's length ever holds more hits than it allows.

    Hits that are refused do not count. What one thread forgets, another, or another process, may
    refuse for ``REFUSAL`` seconds more, if it has just done so.

    Where hits are counted ahead, each process may let a lease of them pass up to ``LEASE`` seconds
    after it was counted, or hold it unused while others refuse: the limit is that much less exact.

    Args:
        pause: seconds after a failure in which Redis is not asked again: each request would pay.
    """

    def __init__(self, redis_url: str, *, pause: float = 5.0) -> None:
        self._connection = ThreadConnection(redis_url)
        self._refusals: dict[Names, tuple[float, list[int]]] = {}
        self._leases: dict[Names, Lease] = {}
        self._own_storage = MemoryStorage()
        self._own = MovingWindowRateLimiter(self._own_storage)
        self._pause = pause
        self._lock, self._leasing = Lock(), Lock()
        self._is_away = False
        self._asked_again_at = 0.0

    def hit(self, hits: Sequence[Hit], *, ahead: bool = False) -> list[int]:
        """Counts them all, or none where one of them is one too many.

        Args:
            ahead: counts what the client may ask in a second at once, if it asked in the last one.

        Returns:
            for each the seconds until it would count, 0 where its limit is not reached.
        """
        names = tuple(_redis_key(*hit) for hit in hits)
        return (
            self._counted_ahead(names)
            or self._refused_just_now(names)
            or self._ask(
                lambda: (ahead and self._hit_ahead(names, hits)) or self._hit_shared(names, hits),
                lambda: list(map(self._hit_own, hits)),
            )
        )

    def forget(self, limit: Limit, key: str) -> None:
        """Begins anew, for a limit that is hit by itself."""
        name = _redis_key(limit, key)
        self._refusals.pop((name,), None)
        self._leases.pop((name,), None)
        self._own_storage.clear(limit.key_for(key))
        if time.monotonic() < self._asked_again_at:
            return
        try:
            self._connection.send("DEL", name)
        except redis.RedisError as error:
            self._note_failure(error)

    def _refused_just_now(self, names: Names) -> list[int]:
        """Empty where nothing was."""
        since, waits = self._refusals.get(names, (0.0, []))
        return waits if abs(time.time() - since) < REFUSAL else []

    def _counted_ahead(self, names: Names) -> list[int]:
        """Empty where nothing was."""
        with self._lock:
            lease = self._leases.get(names)
            if not lease or not lease.left or abs(time.time() - lease.counted_at) >= LEASE:
                return []
            lease.left -= 1
        return [0] * len(names)

    def _hit_ahead(self, names: Names, hits: Sequence[Hit]) -> list[int]:
        """Empty while another thread does so: of two leases of a client one would be lost."""
        if not self._leasing.acquire(blocking=False):
            return []
        try:
            with self._lock:
                former = self._leases.pop(names, NO_LEASE)
            return self._hit_shared(names, hits, former)
        finally:
            self._leasing.release()

    def _hit_shared(
        self, names: Names, hits: Sequence[Hit], former: Lease | None = None
    ) -> list[int]:
        """
        Args:
            former: what the client had, None where nothing is to be counted ahead.
        """
        now = time.time()
        wanted = _in_a_second(hits) if former and abs(now - former.counted_at) < LEASE else 1
        handed_back = (former.left, repr(former.counted_at)) if former else (0, 0)
        rates = [number for limit, _ in hits for number in (limit.amount, limit.multiples)]
        words = [len(names), *names, repr(now), wanted, *handed_back, *rates]
        try:
            taken, *waits = cast(list[int], self._connection.request("EVALSHA", _HIT_SHA, *words))
        except NoScriptError:
            taken, *waits = cast(list[int], self._connection.request("EVAL", _HIT, *words))
        # Seconds are rounded up: a wait of 1 may be over before REFUSAL is, one of 2 is not.
        if max(waits, default=0) > REFUSAL:
            _keep(self._refusals, names, (now, waits))
        elif former:
            _keep(self._leases, names, Lease(now, taken - 1))
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


def _in_a_second(hits: Sequence[Hit]) -> int:
    """How many the limits allow: one, where a second is a large part of a limit's time."""
    limits = [limit for limit, _ in hits]
    if any(limit.multiples < MIN_LEASED for limit in limits):
        return 1
    return max(1, min(limit.amount // limit.multiples for limit in limits))


def _keep(found: dict[Names, T], names: Names, value: T) -> None:
    if len(found) >= MAX_KEYS:
        found.clear()
    found[names] = value


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
