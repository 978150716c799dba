from django.apps import AppConfig

from core import health


class MailConfig(AppConfig):
    name = "mail"

    def ready(self) -> None:
        from mail import outbox

        health.FACTS["oldest_unsent_mail"] = outbox.oldest_unsent
