"""Generates a project in ``demo/``, installs it and runs it.

The demo shows the second factor, which the default answers leave out. The environment variable
``ANSWERS`` has the answers that differ from these, quoted as in a shell. A second run keeps the
secrets and data of the project. It generates the project again only if the template or the answers
have changed.
"""

import hashlib
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "demo"
SOURCES = ("cookiecutter.json", "hooks", "{{cookiecutter.project_slug}}")
# Of two answers to a question, the last one counts.
SHOWN = ("mfa_mode=optional",)
INTERRUPTED = 128 + signal.SIGINT


def make_project(answers: list[str]) -> Path:
    """Returns the folder of the installed project."""
    record, now = DEMO / ".made", fingerprint(answers)
    if record.exists():
        before, folder = record.read_text(encoding="utf-8").splitlines()
        if before == now and (DEMO / folder / ".venv" / ".ready").exists():
            return DEMO / folder
    project = generate(answers)
    print("Installing the project. The first time, this takes longer.", flush=True)
    install(project)
    record.write_text(f"{now}\n{project.name}\n", encoding="utf-8")
    return project


def fingerprint(answers: list[str]) -> str:
    """Differs for other answers, and when a file of the template has changed."""
    facts = [f"{path} {path.stat().st_mtime_ns}" for path in sorted(source_files())]
    return hashlib.sha256("\n".join([*SHOWN, *answers, *facts]).encode()).hexdigest()


def source_files() -> Iterator[Path]:
    for source in (ROOT / name for name in SOURCES):
        found: Iterable[Path] = source.rglob("*") if source.is_dir() else [source]
        yield from (path for path in found if path.is_file())


def generate(answers: list[str]) -> Path:
    script = str(ROOT / "scripts" / "template.py")
    command = [sys.executable, script, str(DEMO), *SHOWN, *answers]
    made = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if made.returncode:
        sys.exit('\nAn example with an answer: make demo ANSWERS="mfa_mode=required"')
    return Path(made.stdout.splitlines()[-1])


def install(project: Path) -> None:
    # uv lists every package on standard error.
    made = subprocess.run(
        ["make", "setup"], cwd=project, stderr=subprocess.PIPE, text=True, check=False
    )
    if made.returncode:
        sys.exit(
            f"{made.stderr}\nThe project could not be installed; the reason is above. It needs "
            "Python 3.11 or later and access to the package index. Run `make demo` again to "
            "continue."
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
    run(make_project(shlex.split(os.environ.pop("ANSWERS", ""))))


if __name__ == "__main__":
    main()
