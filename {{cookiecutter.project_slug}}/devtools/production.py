"""Runs a program with production settings: ``python -m devtools.production manage.py check``."""

import os
import secrets
import subprocess
import sys

ENVIRONMENT = {
    # Ignores ``.env``.
    "ENV_FILE": os.devnull,
    "DJANGO_SETTINGS_MODULE": "devtools.production_settings",
    # Random, so that nobody can use them in production.
    "SECRET_KEY": secrets.token_urlsafe(64),
    "JWT_SIGNING_KEY": secrets.token_urlsafe(64),
    "MFA_ENCRYPTION_KEYS": secrets.token_urlsafe(64),
    "DEBUG": "False",
    "ALLOWED_HOSTS": "api.example.test",
    "PUBLIC_URL": "https://api.example.test",
    "DATABASE_URL": "postgresql://127.0.0.1:9/nowhere",
    "REDIS_URL": "redis://127.0.0.1:9",
    "EMAIL_URL": "smtp://127.0.0.1:9",
}


def main() -> int:
    """Returns the exit code of the program."""
    command = [sys.executable, *sys.argv[1:]]
    return subprocess.run(  # noqa: S603  the developer's own arguments
        command, env=os.environ | ENVIRONMENT, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
