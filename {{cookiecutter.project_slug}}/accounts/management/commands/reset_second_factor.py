"""``manage.py reset_second_factor``: for an administrator whom no other one can help."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.errors import LastWayIn
from accounts.flows import mfa_management
from accounts.models import User


class Command(BaseCommand):
    help = "Removes the second factor of a user, ends their sessions and sends them an e-mail."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        email = options["email"]
        user = User.objects.filter(email=email).first()
        if user is None:
            raise CommandError(f"No account has the e-mail address {email}.")
        try:
            is_reset = mfa_management.reset(user)
        except LastWayIn:
            raise CommandError(
                f"{email} has no other way to sign in. Set a password first."
            ) from None
        if not is_reset:
            raise CommandError(f"{email} has no second factor.")
        self.stdout.write(f"The second factor of {email} has been reset.")
