"""DRF's throttles under DRF's names, deciding in one atomic step (``core.limiter``).

(DRF imports this module while ``rest_framework.views`` loads, so it must not import that one.)

DRF's own read a list, change it and write it back, so that of requests in parallel more pass than
the limit allows. A view has a limit of its own by ``throttle_scope``; where a request names an
account, the flow calls ``hit``, which counts for the account whoever asks. The rates are in
``config.settings.throttling``.
"""

import uuid
from typing import Any, cast

from django.conf import settings
from django.utils.crypto import salted_hmac
from limits import RateLimitItemPerSecond
from rest_framework import throttling
from rest_framework.exceptions import Throttled
from rest_framework.request import Request

from core import security_log
from core.client import client_network
from core.limiter import limiter

POLICY, STATE = "RateLimit-Policy", "RateLimit"
"""Headers of draft-ietf-httpapi-ratelimit-headers, beside ``Retry-After``."""


class Limit:
    """A scope's rate as ``amount`` in ``window`` seconds; without an amount there is none."""

    def __init__(self, scope: str, amount: int | None, window: int | None) -> None:
        self.scope, self.amount, self.window = scope, amount, window
        self._item = RateLimitItemPerSecond(amount or 1, window or 1, namespace=scope)

    def hit(self, key: str) -> int:
        """Counts one, and returns 0; or the seconds to wait until one would count."""
        return limiter().hit(self._item, key) if self.amount else 0

    def forget(self, key: str) -> None:
        if self.amount:
            limiter().forget(self._item, key)

    def add_headers(self, view: Any, wait: int) -> None:
        """Adds to the headers that DRF will put into the view's answer."""
        _add(view, POLICY, f'"{self.scope}";q={self.amount};w={self.window}')
        if wait:
            _add(view, STATE, f'"{self.scope}";r=0;t={wait}')


class LimitReached(Throttled):
    """429 for a limit that no view has; ``wait`` is in seconds."""

    wait: int

    def __init__(self, limit: Limit, wait: int) -> None:
        super().__init__(wait)
        self._limit = limit

    def add_headers(self, view: Any) -> None:
        self._limit.add_headers(view, self.wait)


def hit(scope: str, *, of: object, account: uuid.UUID | None = None) -> None:
    """Counts one more of what the scope limits.

    Args:
        of: what is counted by itself: an address, an account. It is not stored, its digest is.
        account: for the security log.

    Raises:
        LimitReached: it was one too many, and is not counted.
    """
    limit = _limit(scope)
    wait = limit.hit(_digest(of))
    if wait:
        _record(scope, account)
        raise LimitReached(limit, wait)


def allows(scope: str, *, of: object) -> bool:
    """Counts one more where nobody is to be refused: False says that it is one too many."""
    return not _limit(scope).hit(_digest(of))


def forget(scope: str, *, of: object) -> None:
    """Begins to count anew for it."""
    _limit(scope).forget(_digest(of))


def _limit(scope: str) -> Limit:
    return Limit(scope, *throttling.ScopedRateThrottle().parse_rate(_rate(scope)))


def _rate(scope: str) -> str | None:
    rates = cast(dict[str, str | None], settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"])
    return rates[scope]


def _add(view: Any, name: str, value: str) -> None:
    view.headers[name] = ", ".join(filter(None, [view.headers.get(name), value]))


def _record(scope: str, account: uuid.UUID | None = None) -> None:
    security_log.record("throttled", account=account, alarming=True, scope=scope)


def _digest(of: object) -> str:
    return salted_hmac("core.throttling", str(of), algorithm="sha256").hexdigest()


class AtomicThrottle(throttling.SimpleRateThrottle):
    """Behind a throttle of DRF: ``class Mine(throttling.AnonRateThrottle, AtomicThrottle)``."""

    # What is counted, as ``hit`` names it; the scope is a part of each key anyway.
    cache_format = "%(ident)s"
    num_requests: int | None
    duration: int | None

    def get_rate(self) -> str | None:
        # Read when it is asked for, and not when the class is made.
        return _rate(str(self.scope))

    def get_ident(self, request: Request) -> str:
        return client_network(request)

    def allow_request(self, request: Request, view: Any) -> bool:
        limit = Limit(str(self.scope), self.num_requests, self.duration)
        of = self.get_cache_key(request, view) if limit.amount else None
        if of is None:
            return True
        self._wait = limit.hit(_digest(of))
        limit.add_headers(view, self._wait)
        if self._wait:
            _record(limit.scope)
        return not self._wait

    def wait(self) -> int:
        return self._wait


class AnonRateThrottle(throttling.AnonRateThrottle, AtomicThrottle):
    """Whoever is not signed in, by address."""


class UserRateThrottle(throttling.UserRateThrottle, AtomicThrottle):
    """Whoever is signed in, by account; others by address."""


class ScopedRateThrottle(throttling.ScopedRateThrottle, AtomicThrottle):
    """A view's own limit, by account or by address."""
