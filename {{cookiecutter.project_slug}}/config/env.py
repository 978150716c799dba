"""Reads settings from the environment, and remembers what made no sense.

A variable with a value that cannot be read does not raise here: it is noted in ``problems``, its
default is used, and the system checks (``core.checks``) stop the start with its name. An empty
variable is an unset one. A ``.env`` file beside ``manage.py``, or the file that ``ENV_FILE`` names,
is read first; the environment wins.
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

# What was answered when the project was made; a variable of the same name overrides each of them.
DEFAULTS = json.loads((BASE_DIR / "config" / "defaults.json").read_text(encoding="utf-8"))

TEN_YEARS = 315_360_000
"""Longer than anything should live, and short enough for any clock. In seconds."""
_INT32 = 2_147_483_647
_HOST = re.compile(r"[a-z0-9_.-]+|[0-9a-f:.]+", re.I)

_TRUE_FALSE = {"true": True, "false": False, "1": True, "0": False}

T = TypeVar("T")


class Environment:
    """Typed access to variables; ``problems`` maps a variable to the sentence that says why not."""

    def __init__(self) -> None:
        self.problems: dict[str, str] = {}

    def text(self, name: str, default: str = "") -> str:
        return self.read(name, str, default, "")

    def line(self, name: str, default: str, *, without: str = "", at_most: int = 100) -> str:
        """A text for people, without control characters and without some others.

        Args:
            at_most: how many characters it may have.
        """

        def convert(raw: str) -> str:
            if not raw.isprintable() or len(raw) > at_most or set(raw) & set(without):
                raise ValueError(raw)
            return raw

        but = f" and without {' '.join(without)}" if without else ""
        return self.read(name, convert, default, f"one line of at most {at_most} characters{but}")

    def pattern(self, name: str, default: str, pattern: str, expected: str) -> str:
        """A text that the regular expression matches."""

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
        """A URL with one of these schemes; without it or a default, one that leads nowhere."""
        if not self.text(name, default):
            self.problems[name] = f"{name} must be set."

        def convert(raw: str) -> str:
            schemes.index(urlsplit(raw).scheme)
            return raw

        nowhere = f"{schemes[0]}://"
        return self.read(name, convert, default or nowhere, f"a URL like {nowhere}host/name")

    def web_address(self, name: str, default: str = "") -> str:
        """An address for browsers."""

        def convert(raw: str) -> str:
            parts = urlsplit(raw)
            is_web = parts.scheme in {"http", "https"} and _HOST.fullmatch(parts.hostname or "")
            # To ask for the port raises an error where it is none.
            if not is_web or parts.port == 0 or re.search(r"[\s\\]", raw):
                raise ValueError(raw)
            return raw

        return self.read(name, convert, default, "an address like https://app.example.com")

    def time_zone(self, name: str, default: str) -> str:
        def convert(raw: str) -> str:
            try:
                return ZoneInfo(raw).key
            except OSError:
                # A folder of zones, or a name that no file can have.
                raise ValueError(raw) from None

        return self.read(name, convert, default, "a time zone like Europe/Berlin")

    def names(self, name: str, default: tuple[str, ...] = ()) -> list[str]:
        """A list written with commas; spaces around a name are dropped."""
        raw = self.text(name)
        return [part.strip() for part in raw.split(",") if part.strip()] or list(default)

    def secret(self, name: str) -> str:
        """A missing secret is replaced by a random one, so that nothing is ever signed with ""."""
        if not self.text(name):
            self.problems[name] = f"{name} must be set to a long random value."
        return self.text(name) or secrets.token_urlsafe(64)

    def secrets(self, name: str) -> list[str]:
        """A list of them, the one that is used from now on first."""
        return self.names(name) or [self.secret(name)]

    def required(self, name: str, convert: Callable[[str], T], default: T, expected: str) -> T:
        """Like ``read``, and an error where nothing is set."""
        if not self.text(name):
            self.problems[name] = f"{name} must be set."
        return self.read(name, convert, default, expected)

    def read(self, name: str, convert: Callable[[str], T], default: T, expected: str) -> T:
        """
        Args:
            convert: makes the value; it raises ``SettingError`` with a sentence for nonsense, or
                ``ValueError`` or ``KeyError``, whose own words are not shown.
            expected: what would be right, after "must be".
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
    """Notes a line that django-environ could not read, and would log: it may hold a secret."""
    if record.levelno >= logging.WARNING:
        env.problems[".env"] = ".env must have NAME=value on each line, and one line does not."
    return record.levelno < logging.WARNING


_reader = logging.getLogger("environ.environ")
_reader.addFilter(_note)
environ.Env.read_env(os.environ.get("ENV_FILE", BASE_DIR / ".env"))
_reader.removeFilter(_note)
