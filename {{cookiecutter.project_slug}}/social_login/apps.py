from importlib import import_module

from django.apps import AppConfig
from django.core.checks import register

from core.checks import STARTUP


class SocialLoginConfig(AppConfig):
    name = "social_login"

    def ready(self) -> None:
        from accounts import signals
        from accounts.services import ways_in
        from social_login import checks, social_accounts

        import_module("social_login.emails")
        register(checks.check_settings, STARTUP)
        register(checks.show_redirect_uris)
        ways_in.register(lambda user: social_accounts.usable_by(user).count())
        signals.challenge_completed.connect(social_accounts.connect_pending)
        signals.mailbox_proven.connect(social_accounts.forget_all)
