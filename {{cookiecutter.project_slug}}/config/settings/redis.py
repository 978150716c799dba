"""Redis, for rate limits and as Celery's broker. ``make run`` and the tests start a server."""

from config.env import env
from core.redis_server import NOWHERE, RedisURLError, server_at


def _usable(url: str) -> str:
    """The URL, or an unused address; then a system check stops the start with the reason."""
    try:
        server_at(url)
    except RedisURLError as problem:
        env.problems["REDIS_URL"] = f"REDIS_URL {problem}" if url else "REDIS_URL must be set."
        return NOWHERE
    return url


REDIS_URL = _usable(env.text("REDIS_URL"))
