"""The whole life of an account at `make demo`, by somebody with a browser and no terminal."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from threading import Thread

import browser
import pytest
from helpers import Command
from template import ROOT
from test_demo import DEMO

# As `make setup` does in the demo, at once.
SETUP = "#!/bin/sh\nln -sfn {environment} .venv\n"
FIND = """
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)
"""
MISSING = "the journey needs Playwright and Chromium: `make browser` installs them"
STEPS = (
    *("sign-up", "check-your-inbox", "e-mail", "verified", "sign-in", "account", "passkey"),
    *("second-factor", "second-factor-on", "other-device-asks-for-a-code"),
    *("other-device-signed-in", "devices", "other-device-is-signed-out"),
    *("other-device-has-to-sign-in", "close-the-account", "closed", "e-mail-about-the-closing"),
)


@pytest.fixture
def chromium(command: Command, project_python: Path) -> Path:
    """The system's browser, else the one that Playwright has installed."""
    home = {"HOME": str(Path.home())}
    asked = command(project_python, "-c", FIND, env=home)
    installed = asked.stdout.strip() if asked.returncode == 0 else ""
    paths = [*map(shutil.which, browser.NAMES), installed]
    found = [Path(path) for path in paths if path and Path(path).exists()]
    if installed and found:
        return found[0]
    if os.environ.get("REQUIRE_BROWSER"):
        pytest.fail(MISSING)
    pytest.skip(MISSING)


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that others can enter: the database of root runs as another user."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def address(folder: Path, project_python: Path) -> Iterator[str]:
    """That of the pages, as `make demo` prints it."""
    make = folder / "make"
    make.write_text(SETUP.format(environment=project_python.parent.parent))
    make.chmod(0o755)
    words = (sys.executable, "-c", DEMO, str(ROOT / "scripts"), str(folder / "demo"))
    with subprocess.Popen(
        words,
        env={"PATH": f"{folder}:/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout
        address = read_address(process.stdout)
        # What else it prints must not fill the pipe.
        Thread(target=deque, args=(process.stdout, 0), daemon=True).start()
        yield address
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)


def read_address(lines: Iterable[str]) -> str:
    output = ""
    for line in lines:
        output += line
        if found := re.search(r"http://\S+", line):
            return found[0]
    raise AssertionError(output)


def test_account_is_made_used_and_closed_with_a_browser_only(
    chromium: Path,
    address: str,
    command: Command,
    folder: Path,
    project_python: Path,
    tmp_path: Path,
) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()

    script = ROOT / "tools" / "journey.py"
    # The path of Chromium's socket must be short.
    short = {"TMPDIR": str(folder)}
    ended = command(project_python, script, address, chromium, pictures, env=short)

    assert ended.returncode == 0, ended.stderr
    taken = sorted(picture.stem for picture in pictures.iterdir())
    assert taken == [f"{number:02}-{step}" for number, step in enumerate(STEPS, 1)]
