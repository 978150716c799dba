from importlib import import_module

from django.apps import AppConfig
from django.core.checks import register
from django.db.models.signals import post_save, pre_delete

from core.checks import STARTUP

REGISTERING = ("accounts.emails", "accounts.admin.users", "accounts.admin.sessions")
"""Modules that register what they define when they are imported."""


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts import checks, revocation
        from accounts.services.mfa import authenticators

        for module in REGISTERING:
            import_module(module)
        for check in checks.CHECKS:
            register(check, STARTUP)
        post_save.connect(revocation.revoke_after_credential_change, sender="accounts.User")
        pre_delete.connect(authenticators.lock_before_deletion, sender="accounts.User")
        post_save.connect(revocation.report_address_change, sender="accounts.User")
