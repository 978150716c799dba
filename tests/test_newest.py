"""The project's tests run once more on the newest Django, where a Python here takes it."""

import sys
from pathlib import Path

import newest
import pytest
from helpers import Command
from template import ROOT

SCRIPT = ROOT / "scripts" / "newest.py"


def install(folder: Path, name: str, said: str) -> Path:
    """A program that says this of its version."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{said}\n")
    (folder / name).chmod(0o755)
    return folder / name


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with two folders on its PATH, in which no project has been made yet."""
    monkeypatch.setenv("PATH", f"{tmp_path / 'one'}:{tmp_path / 'two'}")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.delenv("DJANGO", raising=False)
    monkeypatch.setattr(newest, "TESTED", tmp_path / "tested")
    return tmp_path


def test_newest_python_of_the_path_and_of_pyenv_is_taken(machine: Path) -> None:
    install(machine / "one", "python3.11", "echo 3 11 9")
    install(machine / "two", "python3.12", "echo 3 12 12")
    best = install(machine / "pyenv" / "versions" / "3.13.2" / "bin", "python3.13", "echo 3 13 2")
    install(machine / "pyenv" / "versions" / "3.13.0" / "bin", "python3.13", "echo 3 13 0")

    assert newest.newest() == ((3, 13, 2), best)
    assert newest.why_not() == ""


@pytest.mark.parametrize("said", ["exit 127", "echo 0", "echo 3 11 9"])
def test_what_is_missing_or_a_preview_or_too_old_is_not_taken(machine: Path, said: str) -> None:
    install(machine / "one", "python3.15", said)

    assert newest.newest()[1] is None
    assert "needs Python 3.12" in newest.why_not()


def test_this_very_python_says_its_version() -> None:
    assert newest.version(Path(sys.executable)) == sys.version_info[:3]


def test_project_that_was_tested_on_it_is_not_tested_twice(machine: Path) -> None:
    install(machine / "one", "python3.14", "echo 3 14 1")
    install(machine / "tested" / ".venv" / "bin", "python", "echo 3 12 1")

    assert "just run on it" in newest.why_not()


def test_skipping_is_said(command: Command) -> None:
    ended = command(sys.executable, SCRIPT, env={"DJANGO": "5.2"})

    assert ended.returncode == 0
    assert ended.stdout == "Skipped the tests on the newest Django. DJANGO names another one.\n"
