"""Celery: JSON only, no result backend. An unavailable broker does not delay requests."""

from config.env import env
from config.settings.base import TIME_ZONE
from config.settings.redis import REDIS_URL
from core.redis_server import server_at

# Seconds until a request gives up an unavailable broker.
_broker = server_at(REDIS_URL).broker(timeout=0.3)

CELERY_BROKER_URL = _broker["url"]
CELERY_BROKER_USE_SSL = _broker["use_ssl"]
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_TRANSPORT_OPTIONS = {
    **_broker["transport_options"],
    "max_retries": 0,
    "retry_on_timeout": False,
}
# The number of tasks with one connection to PostgreSQL. A new connection costs as much as half an
# e-mail. ``core.outages`` closes dead connections.
CELERY_DB_REUSE_MAX = 1_000
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 240
# Touched by a worker while it is connected to the broker (config/celery.py).
WORKER_ALIVE_FILE = env.text("WORKER_ALIVE_FILE")
CELERY_TASK_ALWAYS_EAGER = env.boolean("CELERY_TASK_ALWAYS_EAGER", False)
CELERY_TIMEZONE = TIME_ZONE
# In seconds. A restart of beat, as at each release, starts the hour again.
CELERY_BEAT_SCHEDULE = {
    "purge-sessions": {"task": "accounts.tasks.purge_sessions", "schedule": 3600.0},
    "purge-admin-sessions": {"task": "accounts.tasks.purge_admin_sessions", "schedule": 3600.0},
    "purge-admin-log": {"task": "accounts.tasks.purge_admin_log", "schedule": 3600.0},
    "purge-unused-accounts": {"task": "accounts.tasks.purge_unused_accounts", "schedule": 3600.0},
    "purge-history": {"task": "accounts.tasks.purge_history", "schedule": 3600.0},
    "delete-closed-accounts": {
        "task": "accounts.tasks.delete_closed_accounts",
        "schedule": 3600.0,
    },
    "purge-second-factor": {"task": "accounts.tasks.purge_second_factor", "schedule": 3600.0},
    "sweep-mail": {"task": "mail.tasks.sweep", "schedule": 30.0},
    "purge-mail": {"task": "mail.tasks.purge", "schedule": 3600.0},
}
