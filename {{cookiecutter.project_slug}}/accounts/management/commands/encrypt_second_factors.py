"""``manage.py encrypt_second_factors``: for a new first key in ``MFA_ENCRYPTION_KEYS``."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.services.mfa import encryption, key_rotation


class Command(BaseCommand):
    help = "Re-encrypts all TOTP secrets with the first key. The other keys can then be removed."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = key_rotation.reencrypt_all()
        except encryption.KeyMissingError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{done} secret{'' if done == 1 else 's'} encrypted with the first key.")
