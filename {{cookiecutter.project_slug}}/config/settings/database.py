"""PostgreSQL and Redis; without the URLs ``make run`` and the tests bring servers of their own."""

from typing import Any

import environ

from config.env import env

_NETWORK = {
    # Seconds for a host that does not answer; shorter ones libpq does not take.
    "connect_timeout": 2,
    # Milliseconds until a host that is gone, and says nothing, is taken for gone.
    "tcp_user_timeout": 10_000,
}


def _database(url: str) -> dict[str, Any]:
    config = dict(environ.Env.db_url_config(url))
    config["OPTIONS"] = {**_NETWORK, **config.get("OPTIONS", {})}
    # Seconds that a thread keeps its connection: a new one costs a request 2 ms, and a pool more
    # than it saves, where no more threads than gunicorn's ask. ``core.outages`` sees to dead ones.
    config["CONN_MAX_AGE"] = 600
    return config


DATABASES = {"default": _database(env.url("DATABASE_URL", "postgresql"))}
REDIS_URL = env.url("REDIS_URL", "redis", "rediss", "unix")
