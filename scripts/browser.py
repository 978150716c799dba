"""Brings a browser for the tests of the pages, where the machine has none and may get one.

Root on Debian gets the system's package; others get the browser that Playwright brings, with
``make browser`` of the project in ``.build/``. With ``INSTALL_BROWSER=no`` nothing is installed.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent / ".build" / "my_product"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

_FORBIDDEN = """\
There is no Chromium or Chrome on the PATH, and INSTALL_BROWSER=no forbids to install one.
The tests of the pages use Playwright's where it is there, and are skipped otherwise."""
_WITH_APT = """\
There is no Chromium or Chrome on the PATH, and the pages are tested in one. As root, this now
installs Debian's package `chromium` with apt-get. INSTALL_BROWSER=no forbids that."""
_WITH_PLAYWRIGHT = """\
There is no Chromium or Chrome on the PATH, and the pages are tested in one. This now brings
Playwright's into this user's cache. INSTALL_BROWSER=no forbids that."""


def has_browser() -> bool:
    return any(map(shutil.which, NAMES))


def say(text: str) -> None:
    print(text, flush=True)


def run(*words: str | Path) -> int:
    own = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(words, env=own, check=False).returncode


def install_as_root() -> bool:
    """Installs what Debian has; says whether a browser was among it."""
    say(_WITH_APT)
    run("apt-get", "update")
    run("apt-get", "install", "--yes", "--no-install-recommends", "chromium")
    if not has_browser():
        # Ubuntu has Chromium as a snap alone, but has the libraries that Playwright's needs.
        run(PROJECT / ".venv" / "bin" / "python", "-m", "playwright", "install-deps", "chromium")
    return has_browser()


def install() -> int:
    if os.geteuid() == 0 and shutil.which("apt-get") and install_as_root():
        return 0
    say(_WITH_PLAYWRIGHT)
    return run("make", "-C", PROJECT, "browser")


def main() -> int:
    if has_browser():
        return 0
    if os.environ.get("INSTALL_BROWSER") == "no":
        say(_FORBIDDEN)
        return 0
    return install()


if __name__ == "__main__":
    sys.exit(main())
