"""Reads settings from the environment, and collects invalid values.

An invalid value does not raise here: ``problems`` has a sentence, the default is used, and a system
check (``core.checks``) stops the start. An empty variable counts as unset. ``.env`` beside
``manage.py``, or the file in ``ENV_FILE``, is read too; the environment takes precedence.
"""

import json
import logging
import os
import re
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import environ

from core.setting_error import SettingError

BASE_DIR = Path(__file__).resolve().parent.parent

# The answers from the generation of the project. A variable of the same name overrides one.
DEFAULTS = json.loads((BASE_DIR / "config" / "defaults.json").read_text(encoding="utf-8"))

TEN_YEARS = 315_360_000
"""The longest lifetime, in seconds."""
_INT32 = 2_147_483_647
_HOST = re.compile(r"[a-z0-9_.-]+|[0-9a-f:.]+", re.I)

_TRUE_FALSE = {"true": True, "false": False, "1": True, "0": False}

T = TypeVar("T")


class Environment:
    """Typed access to variables. ``problems`` maps a variable to an error message."""

    def __init__(self) -> None:
        self.problems: dict[str, str] = {}

    def text(self, name: str, default: str = "") -> str:
        return self.read(name, str, default, "")

    def line(self, name: str, default: str, *, without: str = "", at_most: int = 100) -> str:
        """One line of text, without control characters and without those of ``without``."""

        def convert(raw: str) -> str:
            if not raw.isprintable() or len(raw) > at_most or set(raw) & set(without):
                raise ValueError(raw)
            return raw

        but = f" and without {' '.join(without)}" if without else ""
        return self.read(name, convert, default, f"one line of at most {at_most} characters{but}")

    def pattern(self, name: str, default: str, pattern: str, expected: str) -> str:
        def convert(raw: str) -> str:
            if not re.fullmatch(pattern, raw, re.ASCII):
                raise ValueError(raw)
            return raw

        return self.read(name, convert, default, expected)

    def boolean(self, name: str, default: bool) -> bool:
        return self.read(name, lambda raw: _TRUE_FALSE[raw.lower()], default, "True or False")

    def integer(self, name: str, default: int, *, at_least: int = 0, at_most: int = _INT32) -> int:
        def convert(raw: str) -> int:
            if not at_least <= int(raw) <= at_most:
                raise ValueError(raw)
            return int(raw)

        expected = f"a whole number from {at_least} to {at_most}"
        return self.read(name, convert, default, expected)

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        return self.read(
            name, lambda raw: choices[choices.index(raw)], default, "one of " + ", ".join(choices)
        )

    def url(self, name: str, *schemes: str, default: str = "") -> str:
        """A URL with one of these schemes."""
        if not self.text(name, default):
            self.problems[name] = f"{name} must be set."

        def convert(raw: str) -> str:
            schemes.index(urlsplit(raw).scheme)
            return raw

        nowhere = f"{schemes[0]}://"
        return self.read(name, convert, default or nowhere, f"a URL like {nowhere}host/name")

    def web_address(self, name: str, default: str = "") -> str:
        def convert(raw: str) -> str:
            parts = urlsplit(raw)
            is_web = parts.scheme in {"http", "https"} and _HOST.fullmatch(parts.hostname or "")
            # ``port`` raises ValueError if it is invalid.
            if not is_web or parts.port == 0 or re.search(r"[\s\\]", raw):
                raise ValueError(raw)
            return raw

        return self.read(name, convert, default, "an address like https://app.example.com")

    def time_zone(self, name: str, default: str) -> str:
        def convert(raw: str) -> str:
            try:
                return ZoneInfo(raw).key
            except OSError:
                # A folder of zones, or an invalid file name.
                raise ValueError(raw) from None

        return self.read(name, convert, default, "a time zone like Europe/Berlin")

    def names(self, name: str, default: tuple[str, ...] = ()) -> list[str]:
        """A list separated by commas."""
        raw = self.text(name)
        return [part.strip() for part in raw.split(",") if part.strip()] or list(default)

    def secret(self, name: str) -> str:
        """Never empty: a missing secret is a problem, and a random one is used."""
        if not self.text(name):
            self.problems[name] = f"{name} must be set to a long random value."
        return self.text(name) or secrets.token_urlsafe(64)

    def secrets(self, name: str) -> list[str]:
        return self.names(name) or [self.secret(name)]

    def required(self, name: str, convert: Callable[[str], T], default: T, expected: str) -> T:
        """Like ``read``, but a missing variable is a problem."""
        if not self.text(name):
            self.problems[name] = f"{name} must be set."
        return self.read(name, convert, default, expected)

    def read(self, name: str, convert: Callable[[str], T], default: T, expected: str) -> T:
        """
        Args:
            convert: parses the text. It raises ``SettingError`` with a message, or ``ValueError``
                or ``KeyError``, whose messages are not shown.
            expected: follows "must be" in the error message.
        """
        raw = os.environ.get(name, "").strip()
        if not raw:
            return default
        try:
            return convert(raw)
        except SettingError as problem:
            self.problems[name] = f"{name} {problem}"
            return default
        except (ValueError, KeyError):
            self.problems[name] = f"{name} must be {expected}."
            return default


env = Environment()


def _note(record: logging.LogRecord) -> bool:
    """Reports an invalid line, which django-environ would log: it may contain a secret."""
    if record.levelno >= logging.WARNING:
        env.problems[".env"] = ".env must have NAME=value on each line, and one line does not."
    return record.levelno < logging.WARNING


_reader = logging.getLogger("environ.environ")
_reader.addFilter(_note)
environ.Env.read_env(os.environ.get("ENV_FILE", BASE_DIR / ".env"))
_reader.removeFilter(_note)
