"""System checks of accounts: contradictions that stop the start."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

from accounts import tokens

HS256_MIN_BYTES = 32
"""RFC 7518, section 3.2: a key as long as the hash's output, or longer."""

MFA_KEY_MIN_LENGTH = 43
"""32 random bytes in Base64: the strength of the cipher's own key."""


def check_signing_key(app_configs: Any, **_: Any) -> list[CheckMessage]:
    return [Error(problem, id="accounts.JWT_SIGNING_KEY") for problem in _signing_key_problems()]


def check_encryption_keys(app_configs: Any, **_: Any) -> list[CheckMessage]:
    return [Error(problem, id="accounts.MFA_ENCRYPTION_KEYS") for problem in _key_problems()]


def check_transactions(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """A refused refresh that also ends the session must not be rolled back by its own refusal."""
    if not settings.DATABASES["default"].get("ATOMIC_REQUESTS"):
        return []
    return [
        Error(
            "ATOMIC_REQUESTS would undo the end of a session whose refresh token was replayed.",
            hint="Open transactions where they are needed, with transaction.atomic().",
            id="accounts.ATOMIC_REQUESTS",
        )
    ]


def _signing_key_problems() -> Iterator[str]:
    key: str = settings.JWT_SIGNING_KEY
    if key == settings.SECRET_KEY:
        yield "JWT_SIGNING_KEY must not be SECRET_KEY: whoever learns one must not have both."
    if settings.JWT_ALGORITHM == "HS256":
        if len(key.encode()) < HS256_MIN_BYTES:
            yield f"JWT_SIGNING_KEY must have at least {HS256_MIN_BYTES} bytes for HS256."
    elif not tokens.can_sign():
        yield f"JWT_SIGNING_KEY must be a PEM private key that {settings.JWT_ALGORITHM} can use."


def _key_problems() -> Iterator[str]:
    keys: list[str] = settings.MFA_ENCRYPTION_KEYS
    if any(len(key) < MFA_KEY_MIN_LENGTH for key in keys):
        yield f"Each of MFA_ENCRYPTION_KEYS must have at least {MFA_KEY_MIN_LENGTH} characters."
    if {settings.SECRET_KEY, settings.JWT_SIGNING_KEY} & set(keys):
        yield "MFA_ENCRYPTION_KEYS must not hold SECRET_KEY or JWT_SIGNING_KEY: one leak, one loss."
