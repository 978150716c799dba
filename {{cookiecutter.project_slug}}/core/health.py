"""Health probes for load balancers and orchestrators.

They need no authentication, so a response has status words only, and is cached for a second.
"""

import logging
import time
from collections.abc import Callable
from threading import Lock
from typing import cast

from django.db import connection
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis import RedisError

from core import redis_server
from core.ratelimit.limiter import limiter

logger = logging.getLogger(__name__)

OK, DEGRADED, UNAVAILABLE = "ok", "degraded", "unavailable"
KEPT_SECONDS = 1.0


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return OK


def _redis() -> str:
    try:
        limiter().probe()
    except RedisError as error:
        if not redis_server.is_outage(error):
            logger.error("Redis refuses to count: %s", redis_server.reason(error))
        raise
    return OK


# In the order in which they are asked. A probe returns a status word, or raises.
PROBES: dict[str, Callable[[], str]] = {"database": _database, "redis": _redis}
# Without Redis, the project serves.
NEEDED = frozenset({"database"})


@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """The process runs. Asks no server: a restart of this process would not help."""
    return JsonResponse({"status": OK})


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """503 while the database is unavailable, else 200."""
    status, states = KEPT.state()
    return JsonResponse({"status": status, **states}, status=503 if status == UNAVAILABLE else 200)


PATHS = {"/health/live": live, "/health/ready": ready}


class HealthMiddleware:
    """Answers probes before the checks of host and HTTPS: probes come without both."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return PATHS.get(request.path_info, self._get_response)(request)


State = tuple[str, dict[str, str]]


class KeptState:
    """Caches the state for ``KEPT_SECONDS``. While one request asks, others get the last state."""

    def __init__(self) -> None:
        self._asking = Lock()
        self._state: State | None = None
        self._good_until = 0.0

    def state(self) -> State:
        kept = self._state
        # Without a state, requests wait for the first.
        if not self._asking.acquire(blocking=kept is None):
            return cast(State, kept)
        try:
            if not self._state or time.monotonic() >= self._good_until:
                self._state = _ask_all()
                self._good_until = time.monotonic() + KEPT_SECONDS
            return self._state
        finally:
            self._asking.release()

    def forget(self) -> None:
        self._state = None


KEPT = KeptState()


def _ask_all() -> State:
    states: dict[str, str] = {}
    for name, probe in PROBES.items():
        states[name] = _ask(name, probe)
        if name in NEEDED and states[name] == UNAVAILABLE:
            return UNAVAILABLE, states
    return (OK if set(states.values()) == {OK} else DEGRADED), states


def _ask(name: str, probe: Callable[[], str]) -> str:
    try:
        return probe()
    except Exception as error:
        logger.warning("health probe failed: %s (%s)", name, type(error).__name__)
        return UNAVAILABLE
