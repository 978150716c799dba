"""DRF's throttles under DRF's names, deciding in one atomic step (``core.ratelimit``).

(DRF imports this module while ``rest_framework.views`` loads, so it must not import that one.)

DRF's own read a list, change it and write it back, so that of requests in parallel more pass than
the limit allows. A view has a limit of its own by ``throttle_scope``; where a request names an
account, the flow calls ``hit``, which counts for the account, from any client. The rates are in
``config.settings.throttling``.
"""

import uuid
from abc import ABC, abstractmethod
from functools import cache
from typing import Any, cast

from django.conf import settings
from rest_framework import throttling
from rest_framework.exceptions import Throttled
from rest_framework.request import Request

from core import digests
from core.client_ip import client_network
from core.logging import security_log
from core.ratelimit.limiter import limiter
from core.ratelimit.local import Limit

POLICY, STATE = "RateLimit-Policy", "RateLimit"
"""Headers of draft-ietf-httpapi-ratelimit-headers, beside ``Retry-After``."""


class LimitReached(Throttled):
    """429 for a limit that no view has; ``wait`` is in seconds."""

    wait: int

    def __init__(self, limit: Limit, wait: int) -> None:
        super().__init__(wait)
        self._limit = limit

    def add_headers(self, view: Any) -> None:
        """Adds to the headers that DRF will put into the view's answer."""
        _add_headers(view, self._limit, self.wait)


def hit(*scopes: str, of: object, account: uuid.UUID | None = None) -> None:
    """Counts one more of what the scopes limit: in all of them or, where one is exceeded, in none.

    Args:
        of: what is counted separately: an address, an account. It is not stored, its digest is.
        account: for the security log.

    Raises:
        LimitReached: it was one too many, and is not counted.
    """
    limits = [limit for scope in scopes if (limit := _limit(scope))]
    waits = _count(limits, of)
    wait = max(waits, default=0)
    if wait:
        limit = limits[waits.index(wait)]
        _record(limit.scope, account)
        raise LimitReached(limit, wait)


def allows(scope: str, *, of: object) -> bool:
    """Counts one more where nobody is to be refused: False says that it is one too many."""
    limit = _limit(scope)
    return not any(_count([limit] if limit else [], of))


def forget(scope: str, *, of: object) -> None:
    """Starts its count again from zero."""
    if limit := _limit(scope):
        limiter().forget(_digest(of), limit)


def _count(limits: list[Limit], of: object) -> list[int]:
    """The seconds that each of them asks to wait, 0 where it is not exceeded."""
    return limiter().hit(_digest(of), limits) if limits else []


def _limit(scope: str) -> Limit | None:
    """None where there is none; read when it is asked for, and not when a class is made."""
    rates = cast(dict[str, str | None], settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"])
    rate = rates[scope]
    return _parsed(scope, rate) if rate else None


@cache
def _parsed(scope: str, rate: str) -> Limit:
    amount, window = cast(tuple[int, int], throttling.ScopedRateThrottle().parse_rate(rate))
    return Limit(scope, amount, window)


def _add_headers(view: Any, limit: Limit, wait: int) -> None:
    _add(view, POLICY, f'"{limit.scope}";q={limit.amount};w={limit.window}')
    if wait:
        _add(view, STATE, f'"{limit.scope}";r=0;t={wait}')


def _add(view: Any, name: str, value: str) -> None:
    view.headers[name] = ", ".join(filter(None, [view.headers.get(name), value]))


def _record(scope: str, account: uuid.UUID | None = None) -> None:
    security_log.record("throttled", account=account, alarming=True, scope=scope)


def _digest(of: object) -> str:
    return digests.make("core.throttling", str(of))


class AtomicThrottle(throttling.BaseThrottle, ABC):
    """Counts a request by account if somebody is signed in, else by address."""

    _wait = 0

    @abstractmethod
    def scopes(self, request: Request, view: Any) -> list[str]:
        """What the request counts as."""

    def allow_request(self, request: Request, view: Any) -> bool:
        limits = [limit for scope in self.scopes(request, view) if (limit := _limit(scope))]
        if not limits:
            return True
        of = request.user.pk if _is_signed_in(request) else client_network(request)
        waits = limiter().hit(_digest(of), limits)
        for limit, wait in zip(limits, waits, strict=True):
            self._note(view, limit, wait)
        return not self._wait

    def _note(self, view: Any, limit: Limit, wait: int) -> None:
        _add_headers(view, limit, wait)
        if wait:
            _record(limit.scope)
        self._wait = max(self._wait, wait)

    def wait(self) -> int:
        return self._wait


class AnonRateThrottle(AtomicThrottle):
    """Anonymous clients, by address."""

    def scopes(self, request: Request, view: Any) -> list[str]:
        return [] if _is_signed_in(request) else ["anon"]


class UserRateThrottle(AtomicThrottle):
    """Signed-in people, by account; others by address."""

    def scopes(self, request: Request, view: Any) -> list[str]:
        return ["user"]


class ScopedRateThrottle(AtomicThrottle):
    """A view's own limit, by account or by address."""

    def scopes(self, request: Request, view: Any) -> list[str]:
        scope = getattr(view, "throttle_scope", None)
        return [scope] if scope else []


class RequestThrottle(ScopedRateThrottle):
    """What every request counts as, and the view's own limit, in one step for both."""

    def scopes(self, request: Request, view: Any) -> list[str]:
        everybody = "user" if _is_signed_in(request) else "anon"
        return [everybody, *super().scopes(request, view)]


def _is_signed_in(request: Request) -> bool:
    user = request.user
    return bool(user and user.is_authenticated)
