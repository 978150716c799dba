"""Children: they end with their owner, in order, and with all that they have started."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from devtools import reaper
from devtools.processes import Child, Children
from tests.waiting import gone, until

FOREVER = "while :; do sleep 0.05; done"


@pytest.fixture
def children() -> Iterator[Children]:
    with Children() as children:
        yield children


def shell(children: Children, log: Path, script: str) -> Child:
    """Starts a shell with this script, and returns when it has printed something."""
    child = children.start("shell", ["/bin/sh", "-c", script], log=log)
    until(lambda: log.stat().st_size)
    return child


def test_the_last_to_start_is_the_first_to_stop(children: Children, tmp_path: Path) -> None:
    stopped = tmp_path / "stopped"
    for name in ("first", "second"):
        script = f"""trap 'echo {name} >> "{stopped}"; exit' TERM; echo ready; {FOREVER}"""
        shell(children, tmp_path / name, script)

    children.stop()

    assert stopped.read_text().split() == ["second", "first"]


def test_each_is_asked_to_end_with_its_own_signal(children: Children, tmp_path: Path) -> None:
    log = tmp_path / "log"
    script = f"trap 'echo interrupted; exit' INT; echo ready; {FOREVER}"
    command = ["/bin/sh", "-c", script]
    children.start("shell", command, log=log, stop_signal=signal.SIGINT)
    until(lambda: log.stat().st_size)

    children.stop()

    assert "interrupted" in log.read_text()


def test_the_terminal_reaches_none_of_them(children: Children, tmp_path: Path) -> None:
    child = shell(children, tmp_path / "log", f"echo ready; {FOREVER}")

    assert os.getsid(child.process.pid) == child.process.pid


def test_process_that_ignores_the_signal_is_killed_with_its_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reaper, "POLITE_SECONDS", 0.1)
    script = f"trap '' TERM; sleep 1000 & echo $!; {FOREVER}"
    with Children() as children:
        child = shell(children, tmp_path / "log", script)
        descendant = int(child.log.read_text())

        reaper.stop_group(child.process.pid, signal.SIGTERM)

        assert child.outcome == "SIGKILL"
        until(lambda: gone(descendant))


def test_what_an_ended_child_leaves_behind_is_killed(children: Children, tmp_path: Path) -> None:
    child = shell(children, tmp_path / "log", "sleep 1000 & echo $!")
    child.process.wait()

    assert children.take_ended() == [child]
    assert children.take_ended() == []
    until(lambda: gone(int(child.log.read_text())))


def test_how_it_ended_and_what_it_said_last_can_be_told(children: Children, tmp_path: Path) -> None:
    child = shell(children, tmp_path / "log", "echo first; echo last; exit 3")

    assert children.wait(child) == 3
    assert child.outcome == "exit code 3"
    assert child.tail(lines=1) == "    last\n"


def test_a_command_that_is_not_there_ends_at_once(children: Children, tmp_path: Path) -> None:
    child = children.start("nothing", [tmp_path / "nothing"], log=tmp_path / "log")

    assert children.wait(child) == 127


def test_folder_is_removed_when_all_have_ended(tmp_path: Path) -> None:
    folder, published = tmp_path / "folder", tmp_path / "published"
    folder.mkdir()
    published.touch()

    Children(remove=folder, withdraw=published).stop()

    assert not folder.exists()
    assert not published.exists()


def test_without_a_reaper_nothing_starts(tmp_path: Path) -> None:
    with Children() as children:
        kill_reaper(children)
        started = tmp_path / "started"

        children.wait(children.start("touch", ["/usr/bin/touch", started], log=tmp_path / "log"))

        assert not started.exists()


def test_children_end_with_us_although_the_reaper_was_killed(tmp_path: Path) -> None:
    with Children() as children:
        child = shell(children, tmp_path / "log", f"echo ready; {FOREVER}")
        kill_reaper(children)

    assert child.outcome == "SIGTERM"


def kill_reaper(children: Children) -> None:
    process: subprocess.Popen[bytes] = children._reaper
    process.kill()
    process.wait()
