"""Runs the tests of the generated project again, on the newest Django that this machine supports.

The newest Django requires Python 3.12, while the first run may use an older Python. The script uses
the newest Python of the PATH or of pyenv, and skips the tests if there is none.
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
    """Returns the version; (0,) for a preview, a free-threaded build, or a failure to start."""
    try:
        told = subprocess.check_output(
            [python, "-c", _TELL_VERSION], text=True, stderr=subprocess.DEVNULL
        )
    except (OSError, subprocess.CalledProcessError):
        return (0,)
    return tuple(map(int, told.split()))


def pythons() -> Iterator[Path]:
    """Finds ``python3.N`` on the PATH and in pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    for folder in [*map(Path, os.get_exec_path()), *pyenv.glob("versions/*/bin")]:
        yield from (path for path in folder.glob("python3.*") if path.suffix[1:].isdecimal())


def newest() -> tuple[Version, Path | None]:
    """Returns the newest Python and its version, or None if it is too old for the newest Django."""
    found = {version(path): path for path in pythons()}
    best = max(found, default=(0,))
    return (best, found[best]) if best >= OLDEST else ((0,), None)


def why_not() -> str:
    """Returns the reason to skip the tests, or an empty string."""
    if os.environ.get("DJANGO"):
        return "DJANGO selects another version."
    if version(TESTED / ".venv" / "bin" / "python") >= OLDEST:
        return "The tests have already run on it."
    if not newest()[1]:
        return "It requires Python 3.12 or later, which is neither on the PATH nor in pyenv."
    return ""


def make(*words: str | Path) -> None:
    """Runs make, and exits if it fails."""
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
    print(f"Running the project's tests again, on {on}.", flush=True)
    make("--no-print-directory", "-C", project, "test")
    print(f"The project's tests have passed on {on}.")


if __name__ == "__main__":
    main()
