"""Atomic throttles under the names of DRF's throttles, which let parallel requests exceed a limit.

A view sets ``throttle_scope``. A flow calls ``hit`` to limit an account across all clients.
``rest_framework.views`` imports this module.
"""

import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterable
from functools import cache
from typing import Any, cast

from django.conf import settings
from rest_framework import throttling
from rest_framework.exceptions import Throttled
from rest_framework.request import Request

from core import digests
from core.client_ip import client_key
from core.logging import security_log
from core.ratelimit.limiter import limiter
from core.ratelimit.local import Limit

# Headers of draft-ietf-httpapi-ratelimit-headers, beside ``Retry-After``.
POLICY, STATE = "RateLimit-Policy", "RateLimit"


class LimitReached(Throttled):
    """429 for a limit that a flow has checked. ``wait`` is in seconds."""

    wait: int

    def __init__(self, limit: Limit, wait: int) -> None:
        super().__init__(wait)
        self._limit = limit

    def add_headers(self, view: Any) -> None:
        """Adds to the headers of the view's response."""
        _add_headers(view, self._limit, self.wait)


def hit(*scopes: str, of: object, account: uuid.UUID | None = None) -> None:
    """Counts a hit in all scopes, or in none if one limit is exceeded.

    Args:
        of: an address or an account. Only its digest is stored.
        account: for the security log.

    Raises:
        LimitReached: a limit is exceeded.
    """
    limits = _limits(scopes)
    waits = _count(limits, of)
    wait = max(waits, default=0)
    if wait:
        limit = limits[waits.index(wait)]
        _record(limit, account)
        raise LimitReached(limit, wait)


def allows(scope: str, *, of: object) -> bool:
    """Counts a hit. False if the limit is exceeded."""
    return not any(_count(_limits([scope]), of))


def forget(scope: str, *, of: object) -> None:
    """Resets the count."""
    for limit in _limits([scope]):
        limiter().forget(_digest(of), limit)


def _count(limits: list[Limit], of: object) -> list[int]:
    """Returns the seconds to wait for each limit."""
    return limiter().hit(_digest(of), limits) if limits else []


def _digest(of: object) -> str:
    return digests.make("core.throttling", str(of))


def _limits(scopes: Iterable[str]) -> list[Limit]:
    rates = cast(dict[str, str | None], settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"])
    return [_parsed(scope, rate) for scope in scopes if (rate := rates[scope])]


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


def _record(limit: Limit, account: uuid.UUID | None = None) -> None:
    security_log.record("throttled", account=account, alarming=True, scope=limit.scope)


class AtomicThrottle(throttling.BaseThrottle, ABC):
    """Counts requests by user if authenticated, else by client address."""

    _wait = 0

    @abstractmethod
    def scopes(self, request: Request, view: Any) -> list[str]:
        """The scopes that count the request."""

    def allow_request(self, request: Request, view: Any) -> bool:
        limits = _limits(self.scopes(request, view))
        if not limits:
            return True
        waits = _count(limits, self.counted_for(request))
        for limit, wait in zip(limits, waits, strict=True):
            _add_headers(view, limit, wait)
            if wait:
                _record(limit)
            self._wait = max(self._wait, wait)
        return not self._wait

    def counted_for(self, request: Request) -> object:
        """What the limits count the request for."""
        return request.user.pk if _is_authenticated(request) else client_key(request)

    def wait(self) -> int:
        return self._wait


class AnonRateThrottle(AtomicThrottle):
    def scopes(self, request: Request, view: Any) -> list[str]:
        return [] if _is_authenticated(request) else ["anon"]


class UserRateThrottle(AtomicThrottle):
    def scopes(self, request: Request, view: Any) -> list[str]:
        return ["user"]


class ScopedRateThrottle(AtomicThrottle):
    def scopes(self, request: Request, view: Any) -> list[str]:
        scope = getattr(view, "throttle_scope", None)
        return [scope] if scope else []


class RequestThrottle(ScopedRateThrottle):
    """The default: ``user`` or ``anon``, and the view's own scope, in one step."""

    def scopes(self, request: Request, view: Any) -> list[str]:
        everywhere = "user" if _is_authenticated(request) else "anon"
        return [everywhere, *super().scopes(request, view)]


def _is_authenticated(request: Request) -> bool:
    return bool(request.user and request.user.is_authenticated)
