"""Installs a browser for the tests of the pages, unless there is one.

Root on Debian installs the system's package. Other users install Playwright's browser, with
``make browser`` of the project in ``.build/``. ``INSTALL_BROWSER=no`` installs nothing.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent / ".build" / "my_product"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

_FORBIDDEN = """\
There is no Chromium or Chrome on the PATH, and INSTALL_BROWSER=no forbids installing one.
The tests of the pages use Playwright's browser if it is installed, and are skipped otherwise."""
_WITH_APT = """\
The tests of the pages need Chromium or Chrome, and there is none on the PATH. As root, this now
installs Debian's package `chromium` with apt-get. INSTALL_BROWSER=no prevents this."""
_WITH_PLAYWRIGHT = """\
The tests of the pages need Chromium or Chrome, and there is none on the PATH. This now installs
Playwright's browser into the cache of this user. INSTALL_BROWSER=no prevents this."""


def has_browser() -> bool:
    return any(map(shutil.which, NAMES))


def say(text: str) -> None:
    print(text, flush=True)


def run(*words: str | Path) -> int:
    own = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(words, env=own, check=False).returncode


def install_as_root() -> bool:
    """Installs Debian's package. Returns whether there is a browser now."""
    say(_WITH_APT)
    run("apt-get", "update")
    run("apt-get", "install", "--yes", "--no-install-recommends", "chromium")
    if not has_browser():
        # Ubuntu has Chromium only as a snap, but has the libraries for Playwright's browser.
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
