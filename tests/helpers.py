"""Types of the fixtures, and functions that read generated projects."""

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from template import ROOT

Bake = Callable[..., Path]
Result = subprocess.CompletedProcess[str]
Command = Callable[..., Result]

# Files that are copied without rendering: `_copy_without_render` in cookiecutter.json.
VERBATIM = {".py", ".py-tpl", ".html", ".css", ".js", ".ts", ".svg", ".json", ".txt"}


def runner(home: Path) -> Command:
    """Returns a function that runs programs with ``home`` as home and temporary folder."""

    def run(
        *words: str | Path, cwd: Path = ROOT, stdin: str = "", env: Mapping[str, str] | None = None
    ) -> Result:
        own = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "TMPDIR": str(home),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        return subprocess.run(
            words,
            cwd=cwd,
            env={**own, **(env or {})},
            input=stdin,
            text=True,
            capture_output=True,
            check=False,
        )

    return run


def files(folder: Path) -> Iterator[Path]:
    """Yields the paths of all files below the folder, relative to it."""
    return (path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file())


def texts(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yields path and content of each text file below the folder, with unchanged line ends."""
    for path in files(folder):
        content = (folder / path).read_bytes()
        if b"\0" not in content:
            yield path, content.decode()


def variables(env_file: Path) -> dict[str, str]:
    """Reads a file of ``NAME=value`` lines."""
    lines = env_file.read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}
