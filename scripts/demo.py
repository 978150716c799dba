"""Generates a project in ``demo/``, installs it and runs it.

The environment variable ``ANSWERS`` has the answers that differ from the defaults, quoted as in a
shell. A second run keeps the secrets and data of the project.
"""

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "demo"
INTERRUPTED = 128 + signal.SIGINT


def make_project(answers: list[str]) -> Path:
    command = [sys.executable, str(ROOT / "scripts" / "template.py"), str(DEMO), *answers]
    made = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if made.returncode:
        sys.exit('\nAn example with an answer: make demo ANSWERS="mfa_mode=required"')
    return Path(made.stdout.splitlines()[-1])


def install(project: Path) -> None:
    if subprocess.run(["make", "setup"], cwd=project, check=False).returncode:
        sys.exit(
            "\nThe project could not be installed; the reason is above. It needs Python 3.11 or "
            "later and access to the package index. Run `make demo` again to continue."
        )


def run(project: Path) -> NoReturn:
    """Replaces this process, so that ``make`` is the parent of the servers."""
    os.chdir(project)
    os.execv(".venv/bin/python", [".venv/bin/python", "-m", "devtools"])


def main() -> NoReturn:
    # A script that starts this in the background makes all its children ignore SIGINT.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        make_and_run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def make_and_run() -> NoReturn:
    for name in [name for name in os.environ if name.startswith(("MAKE", "MFLAGS"))]:
        # Options and variables of this `make` must not reach the project's.
        del os.environ[name]
    project = make_project(shlex.split(os.environ.pop("ANSWERS", "")))
    print(f"The project is in {os.path.relpath(project)}/; installing it.", flush=True)
    install(project)
    run(project)


if __name__ == "__main__":
    main()
