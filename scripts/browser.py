"""Brings a browser for the tests of the pages, where the machine has none.

Root on Debian gets the system's package; others get the browser that Playwright brings, with
``make browser`` of the project in ``.build/``.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent / ".build" / "my_product"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def has_browser() -> bool:
    return any(map(shutil.which, NAMES))


def run(*words: str | Path) -> int:
    own = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(words, env=own, check=False).returncode


def install() -> bool:
    """Installs what Debian has, as root; says whether a browser was among it."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    run("apt-get", "update")
    run("apt-get", "install", "--yes", "--no-install-recommends", "chromium")
    if not has_browser():
        # Ubuntu has Chromium as a snap alone, but has the libraries that Playwright's needs.
        run(PROJECT / ".venv" / "bin" / "python", "-m", "playwright", "install-deps", "chromium")
    return has_browser()


def main() -> int:
    return 0 if has_browser() or install() else run("make", "-C", PROJECT, "browser")


if __name__ == "__main__":
    sys.exit(main())
