"""PostgreSQL. Without ``DATABASE_URL``, ``make run`` and the tests start a server."""

from typing import Any

from config.env import env
from config.settings.base import INSTALLED_APPS
from core import database_url

_OPTIONS = {
    # Prepared statements: PostgreSQL parses and plans a statement's first executions only.
    "server_side_binding": True,
    "prepare_threshold": 3,
    # Seconds. libpq accepts no shorter timeout.
    "connect_timeout": 2,
    # Milliseconds until a host that does not acknowledge data counts as unavailable.
    "tcp_user_timeout": 10_000,
    # Seconds. Some networks drop an idle connection silently: without keepalives, the next request
    # would wait for it.
    "keepalives_idle": 60,
    "keepalives_interval": 10,
}
_NOWHERE = {"ENGINE": "django.db.backends.postgresql", "NAME": "nowhere"}

# Behind PgBouncer in transaction mode, each transaction may use another connection of PostgreSQL,
# without the prepared statements and cursors of the one before.
_BEHIND_POOLER = {"prepare_threshold": None}

DATABASE_POOLER = env.choice("DATABASE_POOLER", "none", ("none", "transaction"))


def _database(said: dict[str, Any]) -> dict[str, Any]:
    """The URL takes precedence over the defaults. ``core.checks`` refuses contradictions."""
    is_pooled = DATABASE_POOLER == "transaction"
    own = said.get("OPTIONS", {})
    # Seconds. A new connection costs 2 ms; a pool would cost time in each request and hold as many
    # connections. ``core.outages`` closes dead ones.
    kept = 0 if own.get("pool") else 600
    defaults = {"CONN_MAX_AGE": kept, "DISABLE_SERVER_SIDE_CURSORS": is_pooled}
    options = {**_OPTIONS, **(_BEHIND_POOLER if is_pooled else {}), **own}
    return {**defaults, **said, "OPTIONS": options}


def _parse(url: str) -> dict[str, Any]:
    return database_url.parse(url, with_gis="django.contrib.gis" in INSTALLED_APPS)


DATABASES = {
    "default": _database(env.required("DATABASE_URL", _parse, _NOWHERE, database_url.EXPECTED))
}
