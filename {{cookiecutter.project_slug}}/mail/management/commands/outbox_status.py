from django.core.management.base import BaseCommand

from mail import status
from mail.models import Mail


class Command(BaseCommand):
    help = "Prints how many e-mails wait or are dead, and the age of the oldest unsent one."

    def handle(self, **_: object) -> None:
        for state in (Mail.State.PENDING, Mail.State.DEAD):
            self.stdout.write(f"{state}: {Mail.objects.filter(state=state).count()}")
        self.stdout.write(f"oldest_unsent_seconds: {status.oldest_unsent():.0f}")
