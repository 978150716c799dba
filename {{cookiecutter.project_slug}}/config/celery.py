"""The Celery application: ``celery -A config worker``."""

import os
import sys

from celery import Celery
from celery.signals import beat_init, worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("config")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
@beat_init.connect
def check_settings(**_: object) -> None:
    """Celery runs no system checks, and an exception in here would not stop it: an exit does."""
    from django.core.management.base import SystemCheckError

    from core.checks import refuse_bad_settings

    try:
        refuse_bad_settings()
    except SystemCheckError as error:
        sys.exit(str(error))
