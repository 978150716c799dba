"""Runs the tests of the generated project once more, on the newest Django that this machine takes.

The newest Django needs Python 3.12, and the project that is tested first may have an older one. The
newest Python is taken that is on the PATH or that pyenv has; without any the script says so.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TESTED = ROOT / ".build" / "my_product"
FOLDER = Path(".build") / "newest"
OLDEST = (3, 12)

Version = tuple[int, ...]

_TELL_VERSION = """
import sys, sysconfig
preview = sys.version_info.releaselevel != "final"
without_lock = sysconfig.get_config_var("Py_GIL_DISABLED")
print(*(0,) if preview or without_lock else sys.version_info[:3])
"""
_TELL_DJANGO = "import django; print(django.__version__)"


def version(python: Path) -> Version:
    """(0,) for a preview, for one without the global lock, and for what cannot be run."""
    try:
        told = subprocess.check_output(
            [python, "-c", _TELL_VERSION], text=True, stderr=subprocess.DEVNULL
        )
    except (OSError, subprocess.CalledProcessError):
        return (0,)
    return tuple(map(int, told.split()))


def pythons() -> Iterator[Path]:
    """Those of the PATH and of pyenv, by the name that holds their version."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    for folder in [*map(Path, os.get_exec_path()), *pyenv.glob("versions/*/bin")]:
        yield from (path for path in folder.glob("python3.*") if path.suffix[1:].isdecimal())


def newest() -> tuple[Version, Path | None]:
    """The newest Python that the newest Django takes, or None."""
    found = {version(path): path for path in pythons()}
    best = max(found, default=(0,))
    return (best, found[best]) if best >= OLDEST else ((0,), None)


def why_not() -> str:
    """Why there is nothing to run; empty where there is."""
    if os.environ.get("DJANGO"):
        return "DJANGO names another one."
    if version(TESTED / ".venv" / "bin" / "python") >= OLDEST:
        return "The tests have just run on it."
    if not newest()[1]:
        return "It needs Python 3.12 or later: none is on the PATH, and pyenv has none."
    return ""


def make(*words: str | Path) -> None:
    """Ends the program where it fails."""
    if status := subprocess.run(["make", *words], cwd=ROOT, check=False).returncode:
        sys.exit(status)


def main() -> None:
    if reason := why_not():
        print(f"Skipped the tests on the newest Django. {reason}")
        return
    number, python = newest()
    for target in ("internals", "browser"):
        make("--no-print-directory", target, f"BUILD={FOLDER}", f"PYTHON={python}")
    project = ROOT / FOLDER / TESTED.name
    python = project / ".venv" / "bin" / "python"
    django = subprocess.check_output([python, "-c", _TELL_DJANGO], text=True).strip()
    on = f"Python {'.'.join(map(str, number))} and Django {django}"
    print(f"The project's tests once more, on {on}.", flush=True)
    make("--no-print-directory", "-C", project, "test")
    print(f"The project's tests have passed on {on}.")


if __name__ == "__main__":
    main()
