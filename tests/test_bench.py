"""``make bench``, with so few requests that the figures themselves mean little."""

import json
import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from helpers import Bake

SMALL = ("--seconds=0.2", "--connections=2", "--workers=1")

# It returns 201, with a new address each time.
SIGN_UP = """
import uuid


def newcomer(_: Person) -> dict[str, Any]:
    names = {"email": f"{uuid.uuid4()}@example.test", "first_name": "Ada", "last_name": "Lovelace"}
    return {**names, "password1": PASSWORD, "password2": PASSWORD}


OPERATIONS[:] = [Operation("sign up", "POST", "/api/auth/registration/", body=newcomer)]
"""
# Prints the addresses of two users for each operation.
ALL_ADDRESSES = """
import json, os

os.environ["ENV_FILE"] = os.devnull
from bench import site

with site.running():
    from bench import operations

    people = [person for some in operations.fill(2).values() for person in some]
    print(json.dumps([person.email for person in people]))
"""


class Bench:
    """Runs the command in a project, with ``folder`` as its temporary folder."""

    def __init__(self, python: Path, project: Path, folder: Path) -> None:
        self._python, self._project, self._folder = python, project, folder

    def change(self, module: str, code: str) -> None:
        """Appends the code to the module."""
        with (self._project / "bench" / f"{module}.py").open("a") as file:
            file.write(f"{code}\n")

    def start(self, *words: str) -> "subprocess.Popen[str]":
        return self.start_python("-m", "bench", *words)

    def start_in_background(self, *words: str) -> "subprocess.Popen[str]":
        """Starts it with SIGINT ignored, as a script does with ``&``."""
        return self._start("/bin/sh", "-c", 'trap "" INT; exec "$@"', "sh", self._python, *words)

    def start_python(self, *words: str) -> "subprocess.Popen[str]":
        return self._start(self._python, *words)

    def _start(self, *command: str | Path) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            command,
            cwd=self._project,
            env=os.environ | {"TMPDIR": str(self._folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str) -> tuple[int, str]:
        process = self.start(*words)
        printed, errors = process.communicate(timeout=300)
        return process.returncode, printed + errors

    def figures(self, file: Path, *words: str) -> dict[str, dict[str, dict[str, Any]]]:
        """Returns the figures by table, row and column."""
        code, printed = self.run(*words, f"--json={file}")
        assert code == 0, printed
        tables: dict[str, dict[str, dict[str, Any]]] = json.loads(file.read_text())
        assert all(row in printed for table in tables.values() for row in table)
        return tables

    def remains(self) -> list[str]:
        """Returns the remaining files, and the processes with the folder in their environment."""
        left = [str(path) for path in self._folder.iterdir()]
        for environment in Path("/proc").glob("[0-9]*/environ"):
            with suppress(OSError):
                if f"TMPDIR={self._folder}".encode() in environment.read_bytes():
                    left.append(str(environment))
        return left


@pytest.fixture
def bench(bake: Bake, project_python: Path) -> Iterator[Bench]:
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as folder:
        # PostgreSQL may have to run as another user.
        Path(folder).chmod(0o755)
        yield Bench(project_python, bake(bench=True), Path(folder))


def test_operations_have_their_figures(bench: Bench, tmp_path: Path) -> None:
    tables = bench.figures(tmp_path / "now.json", *SMALL, "--rounds=1")

    costs = tables["What a request costs"]
    assert {name: (row["SQL"], row["BEGIN"]) for name, row in costs.items()} == {
        "login": (3, 0),
        "login, hash apart": (3, 0),
        "refresh": (1, 0),
        "current user": (1, 0),
        "nothing": (0, 0),
    }
    assert all(0 < row["p50 ms"] <= row["p99 ms"] for row in costs.values())
    assert all(row["web CPU ms"] > 0 and row["requests/s"] > 0 for row in costs.values())
    assert tables["Gunicorn"]["gunicorn"]["memory of a worker MB"] > 1
    assert bench.remains() == []


def test_growth_has_its_figures(bench: Bench, tmp_path: Path) -> None:
    tables = bench.figures(tmp_path / "now.json", "growth", *SMALL, "--users=20", "--sessions=40")

    costs, plans, updates, purge = tables.values()
    assert {name: row["rows"] for name, row in costs.items() if "ratio" not in name} == {
        "refresh, few": 4,
        "refresh, many": 40,
        "login, hash apart, few": 4,
        "login, hash apart, many": 40,
        "nothing, few": 4,
        "nothing, many": 40,
    }
    assert all(row["p50 ms"] > 0 for row in costs.values())
    # PostgreSQL reads small tables sequentially; the plans are reported anyway.
    assert [sum(row.values()) for row in plans.values()] == [3, 4]
    assert 0 <= updates["refreshes"]["in place (HOT) %"] <= 100
    assert purge["the purge"]["rows"] == 8
    for waits in (purge["refreshes during it"], purge["refreshes without it"]):
        assert waits["slowest ms"] >= waits["p50 ms"] > 0
        assert waits["answers"] >= waits["over 100 ms"] >= 0
    assert bench.remains() == []


def test_mail_has_its_figures(bench: Bench, tmp_path: Path) -> None:
    tables = bench.figures(tmp_path / "now.json", "mail", "--emails=20", "--processes", "1")

    [row] = tables["E-mails"].values()
    assert all(figure > 0 for figure in row.values())
    assert bench.remains() == []


def test_interrupt_leaves_nothing(bench: Bench) -> None:
    process = bench.start_in_background("-m", "bench", "mail", "--emails=10")
    assert process.stdout
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)

    assert process.returncode == 128 + signal.SIGINT
    assert bench.remains() == []


def test_figures_are_compared_with_earlier_ones(bench: Bench, tmp_path: Path) -> None:
    before = {"What a request costs": {"refresh": {"SQL": 0, "BEGIN": 0}, "login": {"SQL": 1}}}
    file = tmp_path / "before.json"
    file.write_text(json.dumps(before))

    _, printed = bench.run(*SMALL, "--rounds=1", f"--against={file}")

    ratios = printed.partition("with the earlier run as 1")[2]
    assert re.search(r"^ *refresh +new +1$", ratios, re.MULTILINE)
    assert re.search(r"^ *login +3 *$", ratios, re.MULTILINE)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--against=nowhere.json"], "nowhere.json cannot be read: No such file or directory."),
        (["--against=manage.py"], "manage.py contains no figures of an earlier run"),
        (["--json=nowhere/now.json"], "there is no folder nowhere"),
    ],
)
def test_unusable_file_is_refused_before_anything_starts(
    bench: Bench, words: list[str], complaint: str
) -> None:
    code, printed = bench.run(*words)

    assert code in {1, 2}
    assert complaint in printed
    assert "Round" not in printed
    assert "Traceback" not in printed


def test_operation_that_is_added_is_measured(bench: Bench, tmp_path: Path) -> None:
    bench.change("catalogue", SIGN_UP)

    tables = bench.figures(tmp_path / "now.json", *SMALL, "--rounds=1")

    [row] = tables["What a request costs"].values()
    assert row["SQL"] > row["BEGIN"] == 1


def test_switch_of_the_environment_counts(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION", "True")
    bench.change("catalogue", SIGN_UP)

    code, printed = bench.run(*SMALL)

    assert code == 1
    assert "sign up: /api/auth/registration/ returned 4" in printed


def test_users_of_the_benchmark_have_no_second_factor(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JWT_ALLAUTH_MFA_TOTP_MODE", "required")
    bench.change("catalogue", "OPERATIONS[:] = [LOGIN]")

    assert bench.figures(tmp_path / "now.json", *SMALL, "--rounds=1")


def test_each_operation_has_its_own_users(bench: Bench) -> None:
    process = bench.start_python("-c", ALL_ADDRESSES)
    printed, errors = process.communicate(timeout=60)

    assert process.returncode == 0, errors
    people = json.loads(printed)
    assert len({*people}) == len(people) > 2


def test_operation_that_fails_is_named(bench: Bench) -> None:
    bench.change("catalogue", 'OPERATIONS[:] = [Operation("wrong", "GET", "/nowhere/")]')

    code, printed = bench.run(*SMALL)

    assert code == 1
    assert "wrong: /nowhere/ returned 404, which is not a success." in printed
