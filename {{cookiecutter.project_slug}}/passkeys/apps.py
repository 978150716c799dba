import logging
from importlib import import_module

from django.apps import AppConfig
from django.core.checks import register

from core.checks import STARTUP


class PasskeysConfig(AppConfig):
    name = "passkeys"

    def ready(self) -> None:
        from accounts.services.mfa import authenticators
        from passkeys import checks, store

        import_module("passkeys.emails")
        # It logs the ids of credentials.
        logging.getLogger("fido2").setLevel(logging.WARNING)
        register(checks.check, STARTUP)
        authenticators.further_factors.append(store)
