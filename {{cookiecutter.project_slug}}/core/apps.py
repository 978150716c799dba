from celery.signals import task_prerun
from django.apps import AppConfig
from django.core.checks import register
from django.core.signals import request_finished, request_started

from core.checks import CHECKS, STARTUP


class CoreConfig(AppConfig):
    name = "core"

    def ready(self) -> None:
        from core import outages
        from core.middleware import request_id

        for check in CHECKS:
            register(check, STARTUP)
        request_started.connect(outages.close_dead_connections)
        task_prerun.connect(outages.close_dead_connections)
        request_finished.connect(request_id.forget_request)
        request_id.follow_tasks()
