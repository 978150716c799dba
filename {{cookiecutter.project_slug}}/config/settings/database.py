"""PostgreSQL; without the URL ``make run`` and the tests bring a server of their own."""

from typing import Any

import environ

from config.env import env

_OPTIONS = {
    # Seconds for a host that does not answer; shorter ones libpq does not take.
    "connect_timeout": 2,
    # Milliseconds until a host that is gone, and says nothing, is taken for gone.
    "tcp_user_timeout": 10_000,
    # Seconds of silence until a kept connection is asked for a sign of life: some networks forget
    # one without a word, and the next request would wait for it.
    "keepalives_idle": 60,
    "keepalives_interval": 10,
}


def _database(url: str) -> dict[str, Any]:
    config = dict(environ.Env.db_url_config(url))
    config["OPTIONS"] = {**_OPTIONS, **config.get("OPTIONS", {})}
    # Seconds after which the thread's next request takes a new one, which costs it 2 ms. A pool
    # would cost every request, and hold as many. ``core.outages`` sees to dead ones.
    config.setdefault("CONN_MAX_AGE", 600)
    return config


DATABASES = {"default": _database(env.url("DATABASE_URL", "postgresql"))}
