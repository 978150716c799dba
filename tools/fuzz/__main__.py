"""``make fuzz``: runs Schemathesis with all its checks against the project, as in production.

It covers each MFA mode, refresh tokens in the cookie and in the body, with and without sign-up, as
an administrator and anonymously: about 20,000 requests in 20 minutes. It prints each finding with a
command that reproduces it. The exit code is then 1.

``fuzz.hooks`` replaces generated values that only a user knows (codes, challenges, passwords).
Not covered:

- NUL characters: a schema cannot exclude them, and no endpoint accepts them. ``tests.inputs`` sends
  them.
- The worker: sending e-mails is not part of the API.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

os.environ["ENV_FILE"] = os.devnull

from devtools import interrupts, services
from fuzz import project
from fuzz.project import MODES, Mode, Served

WHO = ("admin", "nobody")
_OPTIONS = [
    *("--checks=all", "--continue-on-failure", "--no-color", "--warnings=off"),
    *("--generation-allow-x00=false", "--generation-database=none", "--report=json"),
]


@dataclass(frozen=True)
class Outcome:
    """``violations`` is None if Schemathesis did not finish."""

    mode: Mode
    who: str
    requests: int
    server_errors: int
    violations: int | None

    @property
    def is_good(self) -> bool:
        return self.requests > 0 and not self.server_errors and self.violations == 0

    def __str__(self) -> str:
        found = "unfinished" if self.violations is None else self.violations
        return f"{self.mode!s:<32}{self.who:<8}{self.requests:>9}{self.server_errors:>6}{found:>12}"


def main() -> int:
    """Returns the exit code."""
    options = _arguments()
    interrupts.raise_keyboard_interrupt()
    urls = services.throwaway()
    project.migrate(urls)
    outcomes = list(_outcomes(options, urls))
    _say(f"\n{'mode':<32}{'as':<8}{'requests':>9}{'5xx':>6}{'violations':>12}")
    for outcome in outcomes:
        _say(str(outcome))
    _say(f"{'all':<40}{sum(outcome.requests for outcome in outcomes):>9}")
    return 0 if outcomes and all(outcome.is_good for outcome in outcomes) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("make fuzz", description="Fuzzes the running project.")
    parser.add_argument("--seed", type=int, default=1, help="of the generated values (default: 1)")
    parser.add_argument("--examples", type=int, default=12, help="per endpoint (default: 12)")
    parser.add_argument("--mode", default="", help='part of the mode ("optional, body")')
    return parser.parse_args()


def _outcomes(options: argparse.Namespace, urls: dict[str, str]) -> Iterator[Outcome]:
    for mode in MODES:
        if options.mode not in str(mode):
            continue
        with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
            for who in WHO:
                _say(f"\n{mode}, as {who}")
                with project.served(mode, urls, Path(folder)) as server:
                    yield _fuzz(mode, who, server, options, Path(folder))


def _fuzz(
    mode: Mode, who: str, server: Served, options: argparse.Namespace, folder: Path
) -> Outcome:
    report, statuses = folder / f"{who}.json", folder / f"{who}.statuses"
    statuses.touch()
    finished = subprocess.run(  # noqa: S603  our own command
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{server.address}/api/schema/"),
            *(f"--max-examples={options.examples}", f"--seed={options.seed}"),
            *(f"--report-json-path={report}", *_OPTIONS),
        ],
        # Schemathesis creates a folder in the current one.
        cwd=folder,
        env=server.environment
        | {"SCHEMATHESIS_HOOKS": "fuzz.hooks"}
        | {"FUZZ_AS": who, "FUZZ_STATUSES": str(statuses)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if finished.returncode:
        _say(finished.stdout)
    answers = statuses.read_text().split()
    return Outcome(
        mode,
        who,
        requests=len(answers),
        server_errors=sum(status.startswith("5") for status in answers),
        violations=_violations(report),
    )


def _violations(report: Path) -> int | None:
    if not report.exists():
        return None
    read = json.loads(report.read_text())
    return int(read["test_cases"]["unique_failures"]) if read["complete"] else None


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
