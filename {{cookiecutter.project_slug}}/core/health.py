"""Probes for load balancers and orchestrators; they answer without authentication or cookies.

A process is ready while it can serve, and it serves without Redis. Anybody may ask. So an answer
holds status words and no number, and is kept for a second: probes neither load the servers nor
measure them.
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
Probe = Callable[[], str]


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


PROBES: dict[str, Probe] = {"database": _database, "redis": _redis}
"""Each returns a status word, or raises where what it asks is unavailable. Asked in this order."""

NEEDED = frozenset({"database"})
"""Without these nothing can be served, and what comes after them is not asked."""


@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """The process runs. Says nothing about what it depends on: restarting it would not help."""
    return JsonResponse({"status": OK})


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """503 when what is needed is unavailable, else 200; names what failed and never says why."""
    status, states = KEPT.state()
    return JsonResponse({"status": status, **states}, status=503 if status == UNAVAILABLE else 200)


State = tuple[str, dict[str, str]]
"""The word for all of it, and the words of the probes."""


class KeptState:
    """The last state of this process. One request at a time asks the probes for a new one.

    A probe may take seconds, and anybody may ask: no other request waits for it while there is a
    state to answer with.
    """

    def __init__(self) -> None:
        self._asking = Lock()
        self._state: State | None = None
        self._good_until = 0.0

    def state(self) -> State:
        """The last one while it is younger than a second, or while another request asks."""
        kept = self._state
        if kept and time.monotonic() < self._good_until:
            return kept
        # Before there is any state, requests wait for the first.
        if not self._asking.acquire(blocking=kept is None):
            return cast(State, kept)
        try:
            return self._asked()
        finally:
            self._asking.release()

    def forget(self) -> None:
        self._state = None

    def _asked(self) -> State:
        # Another request may have asked while this one waited.
        if not self._state or time.monotonic() >= self._good_until:
            self._state = _ask_all()
            self._good_until = time.monotonic() + KEPT_SECONDS
        return self._state


KEPT_SECONDS = 1.0
KEPT = KeptState()


def _ask_all() -> State:
    states: dict[str, str] = {}
    for name, probe in PROBES.items():
        states[name] = _ask(name, probe)
        if name in NEEDED and states[name] == UNAVAILABLE:
            return UNAVAILABLE, states
    return (OK if set(states.values()) == {OK} else DEGRADED), states


PATHS = {"/health/live": live, "/health/ready": ready}


class HealthMiddleware:
    """Answers probes before anything asks for our name or for HTTPS: they come without both."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return PATHS.get(request.path_info, self._get_response)(request)


def _ask(name: str, probe: Probe) -> str:
    try:
        return probe()
    except Exception as error:
        logger.warning("health probe failed: %s (%s)", name, type(error).__name__)
        return UNAVAILABLE
