"""Settings that make no sense stop the start, with the name of the variable."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management.base import SystemCheckError
from django.test import override_settings

from config.env import BASE_DIR, Environment
from core.checks import refuse_bad_settings


def test_good_settings_start() -> None:
    refuse_bad_settings()


@pytest.mark.parametrize(
    "wrong",
    [
        {"JWT_SIGNING_KEY": "too short"},
        {"JWT_ALGORITHM": "ES256"},
        {"JWT_ALGORITHM": "RS256", "JWT_SIGNING_KEY": "-----BEGIN NONSENSE-----"},
        {"SECRET_KEY": "s" * 64, "JWT_SIGNING_KEY": "s" * 64},
    ],
)
def test_signing_key_that_cannot_work_is_refused(wrong: dict[str, Any]) -> None:
    with override_settings(**wrong), pytest.raises(SystemCheckError, match="JWT_SIGNING_KEY"):
        refuse_bad_settings()


KEY = "k" * 43


@pytest.mark.parametrize(
    "wrong",
    [
        {"MFA_ENCRYPTION_KEYS": [KEY[1:]]},
        {"MFA_ENCRYPTION_KEYS": [KEY, "too short"]},
        {"MFA_ENCRYPTION_KEYS": ["s" * 64], "SECRET_KEY": "s" * 64},
        {"MFA_ENCRYPTION_KEYS": [KEY, "j" * 64], "JWT_SIGNING_KEY": "j" * 64},
    ],
)
def test_encryption_key_that_is_not_one_of_its_own_is_refused(wrong: dict[str, Any]) -> None:
    with override_settings(**wrong), pytest.raises(SystemCheckError, match="MFA_ENCRYPTION_KEYS"):
        refuse_bad_settings()


@override_settings(MFA_ENCRYPTION_KEYS=[KEY, KEY.upper()])
def test_several_encryption_keys_start() -> None:
    refuse_bad_settings()


def test_atomic_requests_are_refused(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "ATOMIC_REQUESTS", True)

    with pytest.raises(SystemCheckError, match="ATOMIC_REQUESTS"):
        refuse_bad_settings()


def test_what_could_not_be_read_is_refused(settings: Any) -> None:
    settings.ENVIRONMENT_PROBLEMS = {"DEBUG": "DEBUG must be True or False."}

    with pytest.raises(SystemCheckError, match="DEBUG must be True or False"):
        refuse_bad_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", "perhaps"),
        ("JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME", "five minutes"),
        ("JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME", "0"),
        ("TRUSTED_PROXY_COUNT", "-1"),
        ("JWT_ALLAUTH_MFA_TOTP_MODE", "sometimes"),
        ("EMAIL_VERIFICATION", "perhaps"),
        ("JWT_ALGORITHM", "none"),
        ("SECRET_KEY", ""),
        ("JWT_SIGNING_KEY", ""),
        ("MFA_ENCRYPTION_KEYS", ""),
        ("MFA_ENCRYPTION_KEYS", " , "),
        ("DATABASE_URL", "sqlite:///db.sqlite3"),
        ("DATABASE_URL", "nonsense"),
        ("TIME_ZONE", "Mars/Olympus"),
        ("PUBLIC_URL", "shop.example.test"),
        ("PASSWORD_RESET_REDIRECT", "/reset"),
        ("PASSWORD_SET_REDIRECT", "javascript:alert(1)"),
        ("EMAIL_VERIFIED_REDIRECT", "https://"),
        ("JWT_ALLAUTH_INVITATION_LIFETIME", "a week"),
        ("PASSWORD_RESET_TIMEOUT", "0"),
        ("JWT_ALLAUTH_CONFIRM_EMAIL_ON_GET", "perhaps"),
        ("EMAIL_URL", ""),
        ("EMAIL_URL", "https://mail.example.test"),
        ("EMAIL_URL", "anymail://postmark"),
        ("EMAIL_URL", "anymail://pigeon?api_key=secret"),
    ],
)
def test_variable_that_makes_no_sense_is_named_at_the_start(name: str, value: str) -> None:
    ended = _start("-c", "import config.wsgi", **{name: value})

    assert ended.returncode != 0
    assert name in ended.stderr


def test_front_ends_are_trusted_and_may_read_the_csrf_cookie_of_their_site() -> None:
    printed = "from config.settings import *; print(CSRF_TRUSTED_ORIGINS, CSRF_COOKIE_DOMAIN)"

    ended = _start(
        *("-c", printed),
        PUBLIC_URL="https://api.example.test",
        CORS_ALLOWED_ORIGINS="https://app.example.test",
        CSRF_COOKIE_DOMAIN=".example.test",
    )

    origins = "['https://app.example.test', 'https://api.example.test']"
    assert ended.stdout.strip() == f"{origins} .example.test"


@pytest.mark.parametrize("process", ["worker", "beat"])
def test_celery_does_not_start_either(process: str, tmp_path: Path) -> None:
    schedule = ["--schedule", str(tmp_path / "schedule")] if process == "beat" else []

    ended = _start("-m", "celery", "-A", "config", process, *schedule, JWT_SIGNING_KEY="short")

    assert ended.returncode != 0
    assert "JWT_SIGNING_KEY" in ended.stderr


def _start(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Starts a process that serves, with the settings of production."""
    return subprocess.run(  # noqa: S603
        [sys.executable, *arguments],
        cwd=BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_NUMBER", " ")
    environment = Environment()

    assert environment.integer("SOME_NUMBER", 7) == 7
    assert not environment.problems


@pytest.mark.parametrize(("raw", "value"), [("True", True), ("false", False), ("1", True)])
def test_booleans_read_true_and_false(
    raw: str, value: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_SWITCH", raw)

    assert Environment().boolean("SOME_SWITCH", not value) is value


def test_several_secrets_are_written_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_SECRETS", "new, old")
    environment = Environment()

    assert environment.secrets("SOME_SECRETS") == ["new", "old"]
    assert not environment.problems


def test_lists_are_written_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_NAMES", "a, b ,,c")

    assert Environment().names("SOME_NAMES") == ["a", "b", "c"]
