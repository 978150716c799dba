from importlib import import_module

from django.apps import AppConfig
from django.core.checks import register
from django.db.models.signals import post_save, pre_delete

from core.checks import STARTUP


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts import checks, past, second_factor

        import_module("accounts.letters")
        for check in checks.CHECKS:
            register(check, STARTUP)
        post_save.connect(past.end_after_credential_change, sender="accounts.User")
        pre_delete.connect(second_factor.lock_before_deletion, sender="accounts.User")
        post_save.connect(past.follow_address, sender="accounts.User")
