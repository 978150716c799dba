"""The programs of the project: one may come and go, without the other nothing works."""

from pathlib import Path

import pytest

from devtools import supervisor
from devtools.errors import DevtoolsError
from devtools.processes import Children
from devtools.supervisor import Supervisor

# Stand-ins. The worker ends at once; the web server, when the worker has been there twice.
WORKER = "open('runs', 'a').write('once ')"
WEB = """
import sys, threading
while open('runs', 'a+').seek(0, 2) < 10:
    threading.Event().wait(0.02)
sys.exit('no more requests')
"""


def supervise(children: Children, folder: Path) -> Supervisor:
    return Supervisor(children, project=folder, logs=folder, environment={})


def test_worker_is_started_again_and_the_end_of_the_web_server_is_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(supervisor, "RESTART_SECONDS", 0.1)
    with Children() as children:
        programs = supervise(children, tmp_path)
        programs.keep_alive("worker", "-c", WORKER)
        programs.serve("web", "-c", WEB)

        with pytest.raises(DevtoolsError, match=r"(?s)web: ended .*exit code 1.*no more requests"):
            programs.watch()

    assert "worker ended (exit code 0) and starts again" in capsys.readouterr().out


def test_a_command_that_fails_says_so_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "manage.py").write_text("raise SystemExit('no such table')")
    with Children() as children, pytest.raises(DevtoolsError) as failure:
        supervise(children, tmp_path).manage("migrate", advice="Try again.")

    assert "manage.py migrate: exit code 1" in str(failure.value)
    assert "no such table" in str(failure.value)
    assert str(failure.value).endswith("Try again.")


def test_what_a_command_prints_is_returned_and_not_kept(tmp_path: Path) -> None:
    (tmp_path / "manage.py").write_text("import sys; print(sys.argv[1:])")
    with Children() as children:
        printed = supervise(children, tmp_path).manage("demo_accounts", "--json", advice="")

    assert printed == "['demo_accounts', '--json']\n"
    assert [path.name for path in tmp_path.iterdir()] == ["manage.py"]
