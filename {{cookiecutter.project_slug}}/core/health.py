"""Probes for load balancers and orchestrators; they answer without authentication or cookies."""

import logging
from collections.abc import Callable

import redis
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, JsonResponse
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
        client.ping()


PROBES: dict[str, Callable[[], None]] = {"database": _database, "redis": _redis}
"""What must answer for the process to be ready; a probe raises when it does not."""


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
    """200 when every probe passes, else 503; names what failed and never says why."""
    results = {name: _passes(name, probe) for name, probe in PROBES.items()}
    healthy = all(results.values())
    states = {name: "ok" if passed else "unavailable" for name, passed in results.items()}
    if not healthy:
        return JsonResponse({"status": "unavailable", **states}, status=503)
    facts = {name: fact() for name, fact in FACTS.items()}
    return JsonResponse({"status": "ok", **states, **facts})


def _passes(name: str, probe: Callable[[], None]) -> bool:
    try:
        probe()
    except Exception as error:
        logger.warning("health probe failed: %s (%s)", name, type(error).__name__)
        return False
    return True
