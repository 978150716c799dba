from importlib import import_module

from django.apps import AppConfig
from django.core.checks import register
from django.db.models.signals import post_save, pre_delete, pre_save

from core.checks import STARTUP
from core.logging import security_log

REGISTERING = (
    *("accounts.emails", "accounts.admin.users"),
    *("accounts.admin.sessions", "accounts.admin.history"),
)
"""Modules that register e-mails or admin classes when they are imported."""


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts import checks, revocation
        from accounts.models import users
        from accounts.services import history
        from accounts.services.mfa import authenticators

        for module in REGISTERING:
            import_module(module)
        for check in checks.CHECKS:
            register(check, STARTUP)
        security_log.listen(history.note)
        pre_save.connect(users.read_overwritten_credentials, sender="accounts.User")
        post_save.connect(revocation.revoke_after_credential_change, sender="accounts.User")
        pre_delete.connect(authenticators.lock_before_deletion, sender="accounts.User")
        post_save.connect(revocation.report_address_change, sender="accounts.User")
