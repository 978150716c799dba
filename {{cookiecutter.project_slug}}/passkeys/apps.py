import logging
from importlib import import_module

from django.apps import AppConfig
from django.core.checks import register
from django.utils.translation import gettext_lazy as _

from core.checks import STARTUP

SENTENCES = {
    "passkey_added": _("A passkey was added."),
    "passkey_deleted": _("A passkey was deleted."),
    "passkey_sign_count_fell": _("A passkey may have been copied."),
}
"""Of the events that the owner of an account sees."""


class PasskeysConfig(AppConfig):
    name = "passkeys"

    def ready(self) -> None:
        from accounts.services import exports, history, ways_in
        from accounts.services.mfa import authenticators
        from passkeys import checks, store

        import_module("passkeys.emails")
        # It logs the ids of credentials.
        logging.getLogger("fido2").setLevel(logging.WARNING)
        register(checks.check, STARTUP)
        authenticators.further_factors.append(store)
        ways_in.register(lambda user: store.usable_by(user).count())
        exports.export("passkeys")(store.export)
        history.SENTENCES.update(SENTENCES)
