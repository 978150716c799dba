from django.apps import AppConfig
from django.core.checks import register

from core import health
from core.checks import STARTUP


class MailConfig(AppConfig):
    name = "mail"

    def ready(self) -> None:
        from mail import checks, status

        register(checks.check, STARTUP)
        health.PROBES["mail"] = status.probe
