"""Nothing starts with invalid settings, and what is deployed passes every check."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

from config.env import BASE_DIR
from core.checks import refuse_bad_settings

CELERY = ("-m", "celery", "-A", "config")
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
PRODUCTION = {
    "SECRET_KEY": LETTERS,
    "JWT_SIGNING_KEY": LETTERS[::-1],
    "MFA_ENCRYPTION_KEYS": LETTERS[10:] + LETTERS[:10],
    "DEBUG": "False",
    "ALLOWED_HOSTS": "api.shop.com",
    "PUBLIC_URL": "https://api.shop.com",
    "CORS_ALLOWED_ORIGINS": "https://app.shop.com",
    "CSRF_COOKIE_DOMAIN": ".shop.com",
    "PASSWORD_RESET_REDIRECT": "https://app.shop.com/reset",
    "SECURE_SSL_REDIRECT": "True",
    "TRUSTED_PROXY_COUNT": "1",
    "FORWARDED_ALLOW_IPS": "*",
    "EMAIL_URL": "smtp+tls://user:password@mail.shop.com:587",
    "API_DOCS": "True",
}


def start(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Starts Python with the project's own settings, as the environment has them."""
    return subprocess.run(  # noqa: S603  our own arguments
        [sys.executable, *arguments],
        cwd=BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_settings_of_the_tests_are_valid() -> None:
    refuse_bad_settings()


def test_production_passes_every_check() -> None:
    # Static files are not collected for tests.
    settings = {"DJANGO_SETTINGS_MODULE": "devtools.production_settings"}
    check = ("manage.py", "check", "--deploy", "--fail-level", "WARNING")

    ended = start(*check, **PRODUCTION, **settings)

    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("-c", "import config.wsgi"),
        (*CELERY, "worker"),
        (*CELERY, "beat", "--schedule", "schedule"),
    ],
    ids=["wsgi", "worker", "beat"],
)
def test_process_with_invalid_settings_does_not_start(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    command = tuple(str(tmp_path / word) if word == "schedule" else word for word in command)
    wrong = {"DEBUG": "perhaps", "JWT_SIGNING_KEY": "short"}

    ended = start(*command, **PRODUCTION | wrong)

    assert ended.returncode != 0
    assert "DEBUG must be True or False." in ended.stderr
    assert "JWT_SIGNING_KEY" in ended.stderr


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("check", {"fail_level": "WARNING"}),
        ("makemigrations", {"check_changes": True, "dry_run": True}),
    ],
)
def test_django_finds_nothing_to_correct(command: str, options: dict[str, object]) -> None:
    call_command(command, **options)
