"""PostgreSQL and Redis; without the URLs ``make run`` and the tests bring servers of their own."""

from typing import Any

import environ

from config.env import env


def _database(url: str) -> dict[str, Any]:
    config = dict(environ.Env.db_url_config(url))
    # A pool costs a request 0.1 ms for its connection where a new one costs 2 ms.
    config["OPTIONS"] = {
        **config.get("OPTIONS", {}),
        "pool": {
            "min_size": 1,
            "max_size": env.integer("DATABASE_POOL_SIZE", 10, at_least=1),
            "timeout": 5,
        },
    }
    return config


DATABASES = {"default": _database(env.url("DATABASE_URL", "postgresql"))}
REDIS_URL = env.url("REDIS_URL", "redis", "rediss", "unix")
