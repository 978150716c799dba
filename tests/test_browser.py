"""A browser is installed for the tests only after an announcement, and not if that is forbidden."""

import shlex
import sys
from pathlib import Path

import pytest
from helpers import Bake, Command, Result
from template import ROOT, every_feature

SCRIPT = ROOT / "scripts" / "browser.py"
INSTALLERS = ("apt-get", "make")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A PATH without a browser. Its installers print their names, and install one."""
    folder = tmp_path / "path"
    folder.mkdir()
    bring = f'echo "ran: $(basename $0) $*"; PATH=/usr/bin:/bin; cp "$0" {folder / "chromium"}'
    for name in INSTALLERS:
        (folder / name).write_text(f"#!/bin/sh\n{bring}\n")
        (folder / name).chmod(0o755)
    return folder


def run(command: Command, path: Path, **environment: str) -> Result:
    return command(sys.executable, SCRIPT, env={"PATH": str(path), **environment})


def test_installing_is_announced_with_the_variable_that_forbids_it(
    command: Command, path: Path
) -> None:
    said = run(command, path).stdout

    announced, ran, _ = said.partition("ran: ")
    assert ran
    assert "INSTALL_BROWSER=no prevents this." in announced


def test_nothing_is_installed_if_it_is_forbidden(command: Command, path: Path) -> None:
    ended = run(command, path, INSTALL_BROWSER="no")

    assert ended.returncode == 0
    assert "INSTALL_BROWSER=no forbids" in ended.stdout
    assert "ran: " not in ended.stdout


def test_existing_browser_is_not_mentioned(command: Command, path: Path) -> None:
    (path / "make").rename(path / "chromium")

    assert run(command, path).stdout == ""


@pytest.mark.parametrize(("words", "required"), [([], "1"), (["INSTALL_BROWSER=no"], "")])
def test_tests_of_the_pages_are_skipped_only_if_no_browser_may_be_installed(
    command: Command, tmp_path: Path, words: list[str], required: str
) -> None:
    tell = tmp_path / "tell.mk"
    tell.write_text(f'include {ROOT / "Makefile"}\ntell:\n\t@echo "<$$REQUIRE_BROWSER>"\n')

    assert command("make", "-f", tell, "tell", *words).stdout.endswith(f"<{required}>\n")


@pytest.mark.parametrize(
    ("required", "status"),
    [("", pytest.ExitCode.NO_TESTS_COLLECTED), ("1", pytest.ExitCode.INTERRUPTED)],
)
def test_tests_of_the_pages_name_the_missing_package_without_playwright(
    bake: Bake, command: Command, project_python: Path, required: str, status: int
) -> None:
    run = "import sys, pytest; sys.modules['playwright'] = None; sys.exit(pytest.main(['-rs']))"
    project = bake(**every_feature())
    folders = shlex.join(map(str, project.rglob("tests/pages")))
    only_pages = {"PYTEST_ADDOPTS": folders, "REQUIRE_BROWSER": required}

    ended = command(project_python, "-c", run, cwd=project, env=only_pages)

    assert "`make browser` installs it" in ended.stdout
    assert ended.returncode == status
