"""Redis, for rate limits and as Celery's broker. Development and tests start their own server."""

from config.env import env
from core.redis_server import EXPECTED, NOWHERE, server_at


def _usable(url: str) -> str:
    server_at(url)
    return url


REDIS_URL = env.required("REDIS_URL", _usable, NOWHERE, EXPECTED)
