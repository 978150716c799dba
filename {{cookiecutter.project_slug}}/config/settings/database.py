"""PostgreSQL. Without ``DATABASE_URL``, ``make run`` and the tests start a server."""

from typing import Any

from config.env import env
from config.settings.base import INSTALLED_APPS
from core import database_url

_OPTIONS = {
    # Prepared statements: PostgreSQL parses and plans a statement's first executions only.
    "server_side_binding": True,
    "prepare_threshold": 3,
    # Seconds for a host that does not answer; shorter ones libpq does not take.
    "connect_timeout": 2,
    # Milliseconds until a host that is gone, and says nothing, is taken for gone.
    "tcp_user_timeout": 10_000,
    # Seconds of silence until a kept connection is asked for a sign of life: some networks forget
    # one without a word, and the next request would wait for it.
    "keepalives_idle": 60,
    "keepalives_interval": 10,
}
_NOWHERE = {"ENGINE": "django.db.backends.postgresql", "NAME": "nowhere"}

# Behind PgBouncer in transaction mode each transaction may have another connection of PostgreSQL's,
# which knows neither the statements nor the cursors of the one before.
_BEHIND_POOLER = {"prepare_threshold": None}

DATABASE_POOLER = env.choice("DATABASE_POOLER", "none", ("none", "transaction"))


def _database(said: dict[str, Any]) -> dict[str, Any]:
    """What the URL says outranks the defaults; ``core.checks`` refuses what contradicts itself."""
    is_pooled = DATABASE_POOLER == "transaction"
    own = said.get("OPTIONS", {})
    # Seconds after which the thread's next request takes a new one, which costs it 2 ms. A pool
    # would cost every request, and hold as many. ``core.outages`` sees to dead ones.
    kept = 0 if own.get("pool") else 600
    defaults = {"CONN_MAX_AGE": kept, "DISABLE_SERVER_SIDE_CURSORS": is_pooled}
    options = {**_OPTIONS, **(_BEHIND_POOLER if is_pooled else {}), **own}
    return {**defaults, **said, "OPTIONS": options}


def _parse(url: str) -> dict[str, Any]:
    return database_url.parse(url, with_gis="django.contrib.gis" in INSTALLED_APPS)


DATABASES = {
    "default": _database(env.required("DATABASE_URL", _parse, _NOWHERE, database_url.EXPECTED))
}
