"""Reads settings from the environment.

An invalid value does not raise an error here: ``problems`` notes it, the setting gets its default,
and the system checks (``core.checks``) stop the start. An empty variable counts as unset. The
environment overrides the ``.env`` file (beside ``manage.py``, or named by ``ENV_FILE``).
"""

import json
import logging
import os
import re
import secrets
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import environ

from core.setting_error import SettingError

BASE_DIR = Path(__file__).resolve().parent.parent

# The answers to the template's questions. A variable of the same name overrides each.
DEFAULTS = json.loads((BASE_DIR / "config" / "defaults.json").read_text(encoding="utf-8"))

# The longest lifetime, in seconds.
TEN_YEARS = 315_360_000
_INT32 = 2_147_483_647
_LINE_MAX_LENGTH = 100
_HOST = re.compile(r"[a-z0-9_.-]+|[0-9a-f:.]+", re.I)
_TRUE_FALSE = {"true": True, "false": False, "1": True, "0": False}

T = TypeVar("T")


class Environment:
    """Typed access to variables. ``problems`` maps a variable's name to a sentence."""

    def __init__(self) -> None:
        self.problems: dict[str, str] = {}

    def text(self, name: str, default: str = "") -> str:
        return os.environ.get(name, "").strip() or default

    def line(self, name: str, default: str, *, without: str = "") -> str:
        """A text without control characters and without the characters of ``without``."""

        def accepts(raw: str) -> bool:
            is_line = raw.isprintable() and len(raw) <= _LINE_MAX_LENGTH
            return is_line and not set(raw) & set(without)

        but = f" and without {' '.join(without)}" if without else ""
        expected = f"one line of at most {_LINE_MAX_LENGTH} characters{but}"
        return self._text_if(accepts, name, default, expected)

    def pattern(self, name: str, default: str, pattern: str, expected: str) -> str:
        """A text that the regular expression matches."""
        regex = re.compile(pattern, re.ASCII)
        return self._text_if(lambda raw: bool(regex.fullmatch(raw)), name, default, expected)

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        expected = "one of " + ", ".join(choices)
        return self._text_if(lambda raw: raw in choices, name, default, expected)

    def web_address(self, name: str, default: str = "") -> str:
        def accepts(raw: str) -> bool:
            parts = urlsplit(raw)
            is_web = parts.scheme in {"http", "https"} and _HOST.fullmatch(parts.hostname or "")
            # ``port`` raises a ValueError for an invalid port.
            return bool(is_web) and parts.port != 0 and not re.search(r"[\s\\]", raw)

        return self._text_if(accepts, name, default, "an address like https://app.example.com")

    def boolean(self, name: str, default: bool) -> bool:
        return self.read(name, lambda raw: _TRUE_FALSE[raw.lower()], default, "True or False")

    def integer(self, name: str, default: int, *, at_least: int = 0, at_most: int = _INT32) -> int:
        def convert(raw: str) -> int:
            if not at_least <= int(raw) <= at_most:
                raise ValueError(raw)
            return int(raw)

        expected = f"a whole number from {at_least} to {at_most}"
        return self.read(name, convert, default, expected)

    def seconds(self, name: str, default: int, *, at_least: int = 0) -> int:
        return self.integer(name, default, at_least=at_least, at_most=TEN_YEARS)

    def time_zone(self, name: str, default: str) -> str:
        def convert(raw: str) -> str:
            try:
                return ZoneInfo(raw).key
            except OSError:
                # The name of a folder, or no valid file name.
                raise ValueError(raw) from None

        return self.read(name, convert, default, "a time zone like Europe/Berlin")

    def names(self, name: str, default: tuple[str, ...] = ()) -> list[str]:
        """A list, separated by commas."""
        parts = [part.strip() for part in self.text(name).split(",") if part.strip()]
        return parts or list(default)

    def secret(self, name: str) -> str:
        """A random value replaces a missing secret, so that nothing is signed with an empty key."""
        if not self.text(name):
            self.problems[name] = f"{name} must be set to a long random value."
        return self.text(name) or secrets.token_urlsafe(64)

    def secrets(self, name: str) -> list[str]:
        """A list of secrets, the current one first."""
        return self.names(name) or [self.secret(name)]

    def required(self, name: str, convert: Callable[[str], T], default: T, expected: str) -> T:
        """Like ``read``, with an error for an unset variable."""
        if not self.text(name):
            self.problems[name] = f"{name} must be set."
        return self.read(name, convert, default, expected)

    def read(self, name: str, convert: Callable[[str], T], default: T, expected: str) -> T:
        """
        Args:
            convert: returns the value. For an invalid text it raises ``SettingError`` with the
                rest of a sentence, or ``ValueError`` or ``KeyError``, whose text is not shown.
            expected: a valid value, as the end of a sentence: "… must be <expected>."
        """
        raw = self.text(name)
        if not raw:
            return default
        try:
            return convert(raw)
        except SettingError as problem:
            self.problems[name] = f"{name} {problem}"
        except (ValueError, KeyError):
            self.problems[name] = f"{name} must be {expected}."
        return default

    def _text_if(
        self, accepts: Callable[[str], bool], name: str, default: str, expected: str
    ) -> str:
        def convert(raw: str) -> str:
            if not accepts(raw):
                raise ValueError(raw)
            return raw

        return self.read(name, convert, default, expected)


env = Environment()


def _note(record: logging.LogRecord) -> bool:
    """Notes a line that django-environ cannot read, and does not log it: it may hold a secret."""
    if record.levelno >= logging.WARNING:
        env.problems[".env"] = ".env must have NAME=value on each line, and one line does not."
    return record.levelno < logging.WARNING


_reader = logging.getLogger("environ.environ")
_reader.addFilter(_note)
_named = env.text("ENV_FILE")
try:
    _content = Path(_named or BASE_DIR / ".env").read_text(encoding="utf-8")
    environ.Env.read_env(StringIO(_content))
except OSError:
    if _named:
        env.problems["ENV_FILE"] = f"ENV_FILE must be a file that can be read: {_named}"
_reader.removeFilter(_note)
