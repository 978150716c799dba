"""Tests are about the project, not about the environment that they are run in."""

import os
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SERVERS = frozenset({"DATABASE_URL", "REDIS_URL"})
"""Those of the environment are used, where it names them."""

_READ = re.compile(r'\b(?:env\.\w+|environ\.get|number)\(\s*"([A-Z][A-Z0-9_]*)"')
_OF_GUNICORN = frozenset({"GUNICORN_CMD_ARGS"})


def settings_of_the_environment() -> set[str]:
    """The variables that the project reads."""
    folders = (ROOT / "config", ROOT / "devtools")
    modules = [module for folder in folders for module in folder.rglob("*.py")]
    return {name for module in modules for name in _READ.findall(module.read_text("utf-8"))}


def forget_the_owners_settings() -> None:
    """Neither .env nor what the shell exports from it, say by direnv, decides what a test sees."""
    for name in (settings_of_the_environment() | _OF_GUNICORN) - SERVERS:
        os.environ.pop(name, None)
    os.environ["ENV_FILE"] = os.devnull
