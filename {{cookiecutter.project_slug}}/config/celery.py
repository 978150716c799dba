"""The Celery application: ``celery -A config worker``."""

import os
import sys
from pathlib import Path

from celery import Celery
from celery.signals import beat_init, heartbeat_sent, setup_logging, worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("config")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def log_as_django_does(**_: object) -> None:
    """Prevents Celery from configuring its loggers."""
    from django.conf import settings
    from django.utils.log import configure_logging

    configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)


@worker_init.connect
@beat_init.connect
def check_settings(**_: object) -> None:
    """Runs the system checks, as Celery does not. Only an exit stops Celery here, no exception."""
    import redis
    from django.conf import settings
    from django.core.management.base import SystemCheckError

    from core import redis_server
    from core.checks import refuse_bad_settings

    try:
        refuse_bad_settings()
        with redis_server.server_at(settings.REDIS_URL).client(timeout=1) as client:
            redis_server.refuse_cluster(client)
    except (SystemCheckError, redis_server.RedisClusterError) as error:
        sys.exit(str(error))
    except redis.RedisError:
        # Celery waits for an unavailable server.
        return


@heartbeat_sent.connect
def show_life(**_: object) -> None:
    """Touches a file every two seconds while the worker is connected to the broker.

    ``celery inspect ping`` would cost a second of CPU for each health check.
    """
    from django.conf import settings

    if settings.WORKER_ALIVE_FILE:
        Path(settings.WORKER_ALIVE_FILE).touch()
