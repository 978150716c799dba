from django.apps import AppConfig
from django.core.checks import register

from core.checks import STARTUP, check_environment


class CoreConfig(AppConfig):
    name = "core"

    def ready(self) -> None:
        register(check_environment, STARTUP)
