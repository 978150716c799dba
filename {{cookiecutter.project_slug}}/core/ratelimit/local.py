"""Rate limits of one process, while Redis is unavailable."""

from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from threading import Lock

# Per limit: an attacker can send any number of keys.
MAX_KEYS = 10_000
SHARED_SLOTS = 4_096


@dataclass(frozen=True, slots=True)
class Limit:
    """``amount`` hits in ``window`` seconds."""

    scope: str
    amount: int
    window: int

    @property
    def is_guard(self) -> bool:
        """Whether it guards an account or a mailbox against all clients together."""
        return self.scope.endswith("_account")


class LocalLimiter:
    """One store for each limit, so that a flood of keys in one limit evicts nothing from another.

    A full store of clients evicts the client that was counted longest ago. A full store of guards
    evicts nothing, because an attacker could buy guesses with made-up addresses. New keys share
    slots instead: they are refused too early and never too late.
    """

    def __init__(self) -> None:
        self._stores: dict[Limit, _Store] = {}
        self._lock = Lock()

    def hit(self, key: str, limits: Sequence[Limit], *, now: float) -> list[int]:
        """See ``Limiter.hit``."""
        with self._lock:
            stores = [self._stores.setdefault(limit, _Store(limit)) for limit in limits]
            waits = [store.wait(key, now) for store in stores]
            if not any(waits):
                for store in stores:
                    store.add(key, now)
        return waits

    def forget(self, key: str, limit: Limit) -> None:
        """Does not reset a shared slot: one account must not reset the count of another."""
        with self._lock:
            if store := self._stores.get(limit):
                store.hits.pop(key, None)

    def clear(self) -> None:
        with self._lock:
            self._stores.clear()


class _Store:
    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        # The times of hits by key or shared slot, the one that was counted longest ago first.
        self.hits: OrderedDict[str | int, deque[float]] = OrderedDict()

    def wait(self, key: str, now: float) -> int:
        self._drop_expired(now)
        times = self.hits.get(self._slot(key))
        if not times or len(times) < self._limit.amount:
            return 0
        return max(ceil(times[0] + self._limit.window - now), 0)

    def add(self, key: str, now: float) -> None:
        slot = self._slot(key)
        if not self._limit.is_guard and slot not in self.hits and self._is_full:
            self.hits.popitem(last=False)
        self.hits.setdefault(slot, deque(maxlen=self._limit.amount)).append(now)
        self.hits.move_to_end(slot)

    @property
    def _is_full(self) -> bool:
        return len(self.hits) >= MAX_KEYS

    def _slot(self, key: str) -> str | int:
        if key in self.hits or not self._limit.is_guard:
            return key
        # Python salts the hash of a string in each process: no client can choose a slot.
        shared = hash(key) % SHARED_SLOTS
        # A key that was counted in a shared slot stays there until the window ends.
        return shared if self._is_full or shared in self.hits else key

    def _drop_expired(self, now: float) -> None:
        while self.hits:
            slot, times = next(iter(self.hits.items()))
            if times[-1] + self._limit.window > now:
                return
            del self.hits[slot]
