"""``manage.py end_sessions``: signs users out."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import revocation
from accounts.models import User
from accounts.services.mfa import challenges, trusted_devices
from accounts.services.sessions import store
from core import admin_sessions


class Command(BaseCommand):
    help = "Ends all sessions (for example after a signing key has leaked), or those of one user."

    def add_arguments(self, parser: CommandParser) -> None:
        whose = parser.add_mutually_exclusive_group(required=True)
        whose.add_argument("--all", action="store_true", help="the sessions of all users")
        whose.add_argument("--user", metavar="EMAIL", help="the sessions of this user")

    def handle(self, *args: Any, **options: Any) -> None:
        ended = _end_all() if options["all"] else _end_of(options["user"])
        self.stdout.write(f"{ended} session{'' if ended == 1 else 's'} ended.")


def _end_all() -> int:
    challenges.revoke_everybody()
    trusted_devices.revoke_everybody()
    admin_sessions.end_all()
    return store.revoke_everybody()


def _end_of(email: str) -> int:
    user = User.objects.filter(email=email).first()
    if user is None:
        raise CommandError(f"No account has the e-mail address {email}.")
    return revocation.revoke_all(user)
