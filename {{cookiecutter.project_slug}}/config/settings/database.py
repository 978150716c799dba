"""PostgreSQL and Redis; without the URLs ``make run`` and the tests bring servers of their own."""

from typing import Any

import environ

from config.env import env

_POOL = {
    "min_size": 1,
    "max_size": env.integer("DATABASE_POOL_SIZE", 10, at_least=1),
    # Seconds that a request waits for a connection. A new one takes milliseconds, and a second more
    # where a packet is lost on the way; whoever waits longer only keeps others waiting.
    "timeout": 2,
    # A connection that cannot be made is tried once more after a second, and then by the next
    # request: the pool's ever longer intervals would keep us away for minutes after an outage.
    "reconnect_timeout": 1,
}
_NETWORK = {
    # Seconds for a host that does not answer; shorter ones libpq does not take.
    "connect_timeout": 2,
    # Milliseconds until a host that is gone, and says nothing, is taken for gone.
    "tcp_user_timeout": 10_000,
}


def _database(url: str) -> dict[str, Any]:
    config = dict(environ.Env.db_url_config(url))
    # A pool costs a request 0.1 ms for its connection where a new one costs 2 ms.
    config["OPTIONS"] = {**_NETWORK, **config.get("OPTIONS", {}), "pool": _POOL}
    return config


DATABASES = {"default": _database(env.url("DATABASE_URL", "postgresql"))}
REDIS_URL = env.url("REDIS_URL", "redis", "rediss", "unix")
