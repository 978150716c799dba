"""Reads settings from the environment, and remembers what made no sense.

A variable with a value that cannot be read does not raise here: it is noted in ``problems``, its
default is used, and the system checks (``core.checks``) stop the start with its name. An empty
variable is an unset one. A ``.env`` file beside ``manage.py``, or the file that ``ENV_FILE`` names,
is read first; the environment wins.
"""

import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import environ

BASE_DIR = Path(__file__).resolve().parent.parent

# What was answered when the project was made; a variable of the same name overrides each of them.
DEFAULTS = json.loads((BASE_DIR / "config" / "defaults.json").read_text(encoding="utf-8"))

_TRUE_FALSE = {"true": True, "false": False, "1": True, "0": False}

T = TypeVar("T")


class Environment:
    """Typed access to variables; ``problems`` maps a variable to the sentence that says why not."""

    def __init__(self) -> None:
        self.problems: dict[str, str] = {}

    def text(self, name: str, default: str = "") -> str:
        return self.read(name, str, default, "")

    def boolean(self, name: str, default: bool) -> bool:
        return self.read(name, lambda raw: _TRUE_FALSE[raw.lower()], default, "True or False")

    def integer(self, name: str, default: int, *, at_least: int = 0) -> int:
        def convert(raw: str) -> int:
            if int(raw) < at_least:
                raise ValueError(raw)
            return int(raw)

        return self.read(name, convert, default, f"a whole number of at least {at_least}")

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
            if parts.scheme not in {"http", "https"} or not parts.hostname:
                raise ValueError(raw)
            return raw

        return self.read(name, convert, default, "an address like https://app.example.com")

    def time_zone(self, name: str, default: str) -> str:
        return self.read(name, lambda raw: ZoneInfo(raw).key, default, "a zone like Europe/Berlin")

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

    def read(self, name: str, convert: Callable[[str], T], default: T, expected: str) -> T:
        """
        Args:
            convert: makes the value; it raises ``ValueError`` or ``KeyError`` for nonsense.
            expected: what would be right, after "must be".
        """
        raw = os.environ.get(name, "").strip()
        if not raw:
            return default
        try:
            return convert(raw)
        except (ValueError, KeyError):
            self.problems[name] = f"{name} must be {expected}."
            return default


environ.Env.read_env(os.environ.get("ENV_FILE", BASE_DIR / ".env"))
env = Environment()
