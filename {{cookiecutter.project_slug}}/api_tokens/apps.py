from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

SENTENCES = {
    "api_token_created": _("An API token was created."),
    "api_token_deleted": _("An API token was deleted."),
    "api_tokens_revoked": _("The API tokens were ended."),
}
"""Of the events that the owner of an account sees."""

REGISTERING = ("api_tokens.admin", "api_tokens.emails", "api_tokens.openapi")
"""Modules that register something when they are imported."""


class ApiTokensConfig(AppConfig):
    name = "api_tokens"
    verbose_name = _("API tokens")

    def ready(self) -> None:
        from accounts import signals
        from accounts.services import exports, history
        from api_tokens import store

        for module in REGISTERING:
            import_module(module)
        exports.export("api_tokens")(store.export)
        history.SENTENCES.update(SENTENCES)
        signals.access_revoked.connect(store.delete_all)
