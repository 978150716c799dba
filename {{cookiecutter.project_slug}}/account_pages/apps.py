from django.apps import AppConfig
from django.core.checks import register

from core.checks import STARTUP


class AccountPagesConfig(AppConfig):
    name = "account_pages"

    def ready(self) -> None:
        from account_pages import checks

        register(checks.check, STARTUP)
