"""Makes a project in ``demo/``, installs it and becomes its ``make run``.

The environment variable ``ANSWERS`` holds answers other than the defaults, quoted as in a shell.
A second run keeps the project's secrets and data.
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
        sys.exit('\nAnswers are given like this: make demo ANSWERS="mfa_mode=required"')
    return Path(made.stdout.splitlines()[-1])


def install(project: Path) -> None:
    if subprocess.run(["make", "setup"], cwd=project, check=False).returncode:
        sys.exit(
            "\nThe project could not be installed; the reason is above. It needs Python 3.11 or "
            "later and a way to the package index. `make demo` again goes on where it stopped."
        )


def run(project: Path) -> NoReturn:
    """Replaces this process, so that the servers' parent is the reader's own ``make``."""
    os.chdir(project)
    os.execv(".venv/bin/python", [".venv/bin/python", "-m", "devtools"])


def main() -> NoReturn:
    # In the background of a script SIGINT is inherited as ignored, and so by all that runs here.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        make_and_run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def make_and_run() -> NoReturn:
    for name in [name for name in os.environ if name.startswith(("MAKE", "MFLAGS"))]:
        # The project's `make` is nobody's child: options and variables given here are not meant.
        del os.environ[name]
    project = make_project(shlex.split(os.environ.pop("ANSWERS", "")))
    print(f"The project is in {os.path.relpath(project)}/; installing it.", flush=True)
    install(project)
    run(project)


if __name__ == "__main__":
    main()
