"""The project's tests run again on the newest Django, if a Python of this machine supports it."""

import sys
from pathlib import Path

import newest
import pytest
from helpers import Command
from template import ROOT

SCRIPT = ROOT / "scripts" / "newest.py"


def install(folder: Path, name: str, said: str) -> Path:
    """Creates a program that runs the given command."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{said}\n")
    (folder / name).chmod(0o755)
    return folder / name


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with two folders on its PATH, and without a generated project."""
    monkeypatch.setenv("PATH", f"{tmp_path / 'one'}:{tmp_path / 'two'}")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.delenv("DJANGO", raising=False)
    monkeypatch.setattr(newest, "TESTED", tmp_path / "tested")
    return tmp_path


def test_newest_python_of_the_path_and_of_pyenv_is_used(machine: Path) -> None:
    install(machine / "one", "python3.11", "echo 3 11 9")
    install(machine / "two", "python3.12", "echo 3 12 12")
    best = install(machine / "pyenv" / "versions" / "3.13.2" / "bin", "python3.13", "echo 3 13 2")
    install(machine / "pyenv" / "versions" / "3.13.0" / "bin", "python3.13", "echo 3 13 0")

    assert newest.newest() == ((3, 13, 2), best)
    assert newest.why_not() == ""


@pytest.mark.parametrize("said", ["exit 127", "echo 0", "echo 3 11 9"])
def test_missing_preview_or_old_python_is_not_used(machine: Path, said: str) -> None:
    install(machine / "one", "python3.15", said)

    assert newest.newest()[1] is None
    assert "requires Python 3.12" in newest.why_not()


def test_version_of_this_python_is_read() -> None:
    assert newest.version(Path(sys.executable)) == sys.version_info[:3]


def test_project_already_tested_on_it_is_not_tested_again(machine: Path) -> None:
    install(machine / "one", "python3.14", "echo 3 14 1")
    install(machine / "tested" / ".venv" / "bin", "python", "echo 3 12 1")

    assert "already run on it" in newest.why_not()


def test_skipping_is_reported(command: Command) -> None:
    ended = command(sys.executable, SCRIPT, env={"DJANGO": "5.2"})

    assert ended.returncode == 0
    reason = "DJANGO selects another version."
    assert ended.stdout == f"Skipped the tests on the newest Django. {reason}\n"
