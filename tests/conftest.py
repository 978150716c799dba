"""Fixtures: a clean copy of the template, and functions that generate projects and run programs."""

import signal
from pathlib import Path

import pytest
import template as house
from helpers import Bake, Command, runner

# A run in the background inherits SIGINT as ignored. Restore it for this process and its children.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template without caches, environments and data of development."""
    return house.export(tmp_path_factory.mktemp("template"))


@pytest.fixture
def bake(template: Path, tmp_path: Path) -> Bake:
    """Generates a project below ``tmp_path``: ``bake(mfa_mode="required")`` returns its folder."""

    def run(**answers: object) -> Path:
        return house.bake(template, tmp_path / "projects", answers)

    return run


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Runs a program with its own home folder, and does not check its exit status."""
    return runner(tmp_path)


@pytest.fixture(scope="session")
def project_python() -> Path:
    """The Python of the project in ``.build/``, with the dependencies of a generated project."""
    python = house.ROOT / ".build" / "my_product" / ".venv" / "bin" / "python"
    if not python.exists():
        pytest.fail("There is no generated project to test with; run: make project")
    return python
