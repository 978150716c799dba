"""Probes for load balancers and orchestrators; they answer without authentication or cookies.

A process is ready while it can serve, and it serves without Redis.
"""

import logging
from collections.abc import Callable

import redis
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

logger = logging.getLogger(__name__)

TIMEOUT = 1.0
"""Seconds that Redis has to answer."""


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _redis() -> None:
    with redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT
    ) as client:
        # Full, or with a disk that is, it would still answer a PING.
        client.set("health", 1, ex=10)


PROBES: dict[str, Callable[[], None]] = {"database": _database, "redis": _redis}
"""What is asked whether it answers; a probe raises when it does not."""

NEEDED = frozenset({"database"})
"""Without these probes nothing can be served."""

FACTS: dict[str, Callable[[], object]] = {}
"""What an operator wants to see beside the probes; no fact makes the process unready."""


@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """The process runs. Says nothing about what it depends on: restarting it would not help."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """503 when what is needed is away, else 200; names what failed and never says why."""
    away = {name for name, probe in PROBES.items() if not _passes(name, probe)}
    states = {name: "unavailable" if name in away else "ok" for name in PROBES}
    if away & NEEDED:
        return JsonResponse({"status": "unavailable", **states}, status=503)
    facts = {name: fact() for name, fact in FACTS.items()}
    return JsonResponse({"status": "degraded" if away else "ok", **states, **facts})


PATHS = {"/health/live": live, "/health/ready": ready}


class HealthMiddleware:
    """Answers probes before anything asks for our name or for HTTPS: they come without both."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return PATHS.get(request.path_info, self._get_response)(request)


def _passes(name: str, probe: Callable[[], None]) -> bool:
    try:
        probe()
    except Exception as error:
        logger.warning("health probe failed: %s (%s)", name, type(error).__name__)
        return False
    return True
