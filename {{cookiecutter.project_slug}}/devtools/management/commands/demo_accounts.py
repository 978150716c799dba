import base64
import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils.crypto import salted_hmac

from accounts.models import User

ACCOUNTS = {"admin@example.com": User.Role.ADMIN, "user@example.com": User.Role.USER}


class Command(BaseCommand):
    help = "Creates an administrator and a user to try the project with, unless they exist."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="for a program to read")
        parser.add_argument("--migrate", action="store_true", help="bring the database up to date")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("Demo accounts need DEBUG=True: anyone could guess their passwords.")
        if options["migrate"]:
            call_command("migrate", interactive=False)
        passwords = {email: known_password(email) for email in ACCOUNTS}
        if options["json"]:
            self.stdout.write(json.dumps(passwords))
            return
        for email, password in passwords.items():
            self.stdout.write(f"{email:<18} {password or '(missing, or with another password)'}")


def known_password(email: str) -> str | None:
    """The demo account's password, or None if it has another one. Creates a missing account."""
    password = demo_password(email)
    user = User.objects.filter(email=email).first()
    # If other users exist, this may be the database of production.
    if user is None and not User.objects.exclude(email__in=ACCOUNTS).exists():
        user = create(email, password)
    return password if user and user.check_password(password) else None


def create(email: str, password: str) -> User:
    if ACCOUNTS[email] is User.Role.ADMIN:
        return User.objects.create_superuser(email=email, password=password)
    return User.objects.create_user(email=email, password=password, email_verified=True)


def demo_password(email: str) -> str:
    # Derived from SECRET_KEY: nothing needs to be stored.
    digest = salted_hmac("devtools.demo_accounts", email, algorithm="sha256").digest()
    letters = base64.b32encode(digest).decode().lower()
    return "-".join(letters[start : start + 4] for start in range(0, 16, 4))
