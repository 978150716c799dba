from importlib import import_module

from django.apps import AppConfig
from django.core.checks import register
from django.utils.translation import gettext_lazy as _

from core.checks import STARTUP

SENTENCES = {
    "provider_connected": _("An account at a provider was connected."),
    "provider_disconnected": _("An account at a provider was disconnected."),
}
"""Of the events that the owner of an account sees."""


class SocialLoginConfig(AppConfig):
    name = "social_login"
    verbose_name = _("Providers")

    def ready(self) -> None:
        from accounts import signals
        from accounts.services import exports, history, ways_in
        from social_login import checks, social_accounts

        import_module("social_login.emails")
        register(checks.check_settings, STARTUP)
        register(checks.show_redirect_uris)
        ways_in.register(
            lambda user: social_accounts.usable_by(user).count(),
            held=lambda user: social_accounts.all_of(user).count(),
        )
        exports.export("providers")(social_accounts.export)
        history.SENTENCES.update(SENTENCES)
        signals.challenge_completed.connect(social_accounts.connect_pending)
        signals.account_taken_over.connect(social_accounts.forget_all)
