"""What the tests of the template share: a clean copy of it, and a way to make projects of it."""

import signal
from pathlib import Path

import pytest
import template as house
from helpers import Bake, Command, runner

# A run in the background, which inherits SIGINT as ignored, can be stopped too, and so can what it
# starts.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template without what development leaves in its folder."""
    return house.export(tmp_path_factory.mktemp("template"))


@pytest.fixture
def bake(template: Path, tmp_path: Path) -> Bake:
    """Makes a project below ``tmp_path``: ``bake(mfa_mode="required")`` returns its folder."""

    def run(**answers: object) -> Path:
        return house.bake(template, tmp_path / "projects", answers)

    return run


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Runs a program as its user would, with a home of its own, whatever its status."""
    return runner(tmp_path)


@pytest.fixture(scope="session")
def project_python() -> Path:
    """The Python of the project in ``.build/``, with all that a generated project depends on."""
    python = house.ROOT / ".build" / "my_product" / ".venv" / "bin" / "python"
    if not python.exists():
        pytest.fail("There is no generated project to test with; run: make project")
    return python
