"""``make run``, as its owner sees it: everything starts, a request is answered, all of it ends."""

import html
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from config.env import BASE_DIR
from devtools.ports import HOST
from project_tests.devtools.conftest import copy_all, folder_for_all
from tests.waiting import until

ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "DEBUG": "True",
    "ALLOWED_HOSTS": "localhost",
    "SECRET_KEY": "a-secret-key-of-the-tests-that-signs-nothing-anywhere-else",
    "JWT_SIGNING_KEY": "another-key-of-the-tests-that-signs-tokens-nowhere-else",
    "MFA_ENCRYPTION_KEYS": "a-key-of-the-tests-that-encrypts-secrets-nowhere-else",
    "JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION": "False",
    "JWT_ALLAUTH_MFA_TOTP_MODE": "disabled",
    "JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE": "True",
}
JSON = {"Content-Type": "application/json"}
NEWCOMER = {
    "email": "ada@example.test",
    "password1": "a good long pass phrase",
    "password2": "a good long pass phrase",
    "first_name": "Ada",
    "last_name": "Lovelace",
}

# What runs in the background of a script is started with SIGINT ignored.
IN_BACKGROUND = ["/bin/sh", "-c", 'trap "" INT; exec "$0" -m devtools', sys.executable]
# It ignores SIGHUP, so that the run outlives its terminal.
UNDER_NOHUP = ["nohup", sys.executable, "-m", "devtools"]
# A parent like `make`, which can be killed without having passed it on.
UNDER_A_PARENT = ["/bin/sh", "-c", '"$0" -m devtools; true', sys.executable]


class Running:
    """A ``python -m devtools`` that serves."""

    def __init__(
        self, project: Path, command: list[str] = IN_BACKGROUND, **environment: str
    ) -> None:
        self.project = project
        # There while the programs of the project start, and after a run that was ended then.
        self.loading = project / ".devservices" / "demo_accounts.log"
        self.loading.unlink(missing_ok=True)
        self.process = subprocess.Popen(  # noqa: S603
            command,
            cwd=project,
            env={**ENVIRONMENT, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
        )
        self.output = ""

    def wait_until_serving(self) -> None:
        self.wait_for("Ctrl-C stops everything.")

    def wait_until_starting(self) -> None:
        """The servers run, and the programs of the project begin to load it."""
        self.wait_for("Starting the web server")
        until(self.loading.exists)

    def wait_for(self, text: str) -> None:
        """Reads what it prints, up to a line with this text."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.output += line
            if text in line:
                return
        raise AssertionError(f"it ended without {text!r}:\n{self.output}")

    def sign_in(self) -> Any:
        """What the API answers to a printed account."""
        email, password = found(r"user@example\.com \S+", self.output).split()
        body = json.dumps({"email": email, "password": password})
        return self.ask(f"{self.address}/api/auth/login/", body, **JSON)

    def ask(self, url: str, body: str | None = None, **headers: str) -> Any:
        request = Request(url, body.encode() if body else None, headers)  # noqa: S310
        with urlopen(request, timeout=30) as response:  # noqa: S310
            return json.load(response)

    def page(self, path: str) -> str:
        """What a browser reads there, character references resolved."""
        with urlopen(self.address + path, timeout=30) as response:  # noqa: S310
            return html.unescape(response.read().decode())

    def has(self, path: str) -> bool:
        with suppress(OSError):
            return bool(self.page(path))
        return False

    @property
    def address(self) -> str:
        return found(r"http://localhost:\d+", self.output)

    def end(self, number: signal.Signals) -> None:
        """Sends the signal and waits until nothing that was started is left."""
        self.process.send_signal(number)
        self.process.communicate(timeout=60)
        until(lambda: not processes_in(self.project))


def processes_in(folder: Path) -> list[int]:
    """The processes that work in this folder, as the servers, the worker and the web server do."""
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if _works_in(entry, folder)]


def _works_in(entry: Path, folder: Path) -> bool:
    with suppress(OSError):
        return (entry / "cwd").readlink().is_relative_to(folder)
    return False


@contextmanager
def running(
    project: Path, command: list[str] = IN_BACKGROUND, **environment: str
) -> Iterator[Running]:
    run = Running(project, command, **environment)
    try:
        yield run
    finally:
        run.end(signal.SIGKILL)


@dataclass(frozen=True)
class FirstRun:
    """A run from nothing to Ctrl-C, with a mail server of the owner.

    The next run lets it end, and leaves the data as they are.
    """

    project: Path
    printed: str
    access: str
    has_mailbox: bool
    processes: int
    """How many there were."""
    left: list[int]
    """Which of them were there when the command had ended."""


@pytest.fixture(scope="module")
def first() -> Iterator[FirstRun]:
    with folder_for_all() as folder:
        # The project itself, without the data of its owner.
        left = shutil.ignore_patterns(".venv", ".env", ".devservices", ".*_cache")
        project = Path(shutil.copytree(BASE_DIR, folder / "copy", ignore=left))
        with running(project, EMAIL_URL="consolemail://") as run:
            run.wait_until_serving()
            access = run.sign_in()["access"]
            has_mailbox = run.has("/mailbox/")
            processes = len(processes_in(project))
            run.process.send_signal(signal.SIGINT)
            run.process.communicate(timeout=60)
            still_there = processes_in(project)
        yield FirstRun(project, run.output, access, has_mailbox, processes, still_there)


@pytest.fixture(scope="module")
def second(first: FirstRun) -> Iterator[Running]:
    """The next run, as a newcomer has it; for tests that let it run."""
    with folder_for_all() as project:
        copy_all(first.project, project)
        with running(project) as run:
            run.wait_until_serving()
            yield run


def test_printed_account_signs_in(second: Running) -> None:
    assert set(second.sign_in()) == {"access"}


def test_message_has_three_lines_and_every_address_works(second: Running) -> None:
    _, message = second.output.split("\n\n")
    where, _, _ = message.splitlines()

    paths = re.findall(r"(?<=[ \d])/[\w/]+/", where)
    assert {"/api/docs/", "/mailbox/", "/admin/"} <= {*paths}
    assert [path for path in paths if not second.has(path)] == []


def test_everything_that_a_request_needs_is_there(second: Running) -> None:
    assert second.ask(f"{second.address}/health/ready")["status"] == "ok"


def test_second_run_finds_the_data_of_the_first(first: FirstRun, second: Running) -> None:
    url = f"{second.address}/api/auth/sessions/"

    sessions = second.ask(url, Authorization=f"Bearer {first.access}")

    assert any(session["current"] for session in sessions)


def test_newcomer_finds_the_link_in_the_mailbox_as_html_and_as_text(second: Running) -> None:
    sign_up(second)
    until(lambda: NEWCOMER["email"] in second.page("/mailbox/"))

    emails = set(re.findall(r"/mailbox/sent/\d[\w-]+/", second.page("/mailbox/")))
    link_of = re.compile(f'(?<=href="){second.address}/api/auth/[^"]+')
    links = {email: link_of.findall(second.page(f"{email}html/")) for email in emails}
    [(email, [link])] = [(email, found) for email, found in links.items() if found]
    assert f"\n{link}\r\n" in second.page(f"{email}?tab=text")


def test_with_a_mail_server_of_the_owner_there_is_no_mailbox(first: FirstRun) -> None:
    assert "/mailbox/" not in first.printed
    assert not first.has_mailbox


def test_changed_code_is_served_at_once(second: Running) -> None:
    urls = second.project / "config" / "urls.py"

    with urls.open("a") as code:
        code.write("urlpatterns += [path('changed/', docs)]\n")

    until(partial(has_after_change, second, "/changed/", urls))


def has_after_change(run: Running, path: str, changed: Path) -> bool:
    if run.has(path):
        return True
    # Django's reloader does not notice a change from before its first look at the files.
    changed.touch()
    return False


def test_ctrl_c_ends_every_process(first: FirstRun) -> None:
    assert first.processes > 4 or sys.platform != "linux"
    assert first.left == []


def test_killing_the_command_of_a_project_ends_all_of_its_own_processes_and_no_other(
    first: FirstRun, second: Running
) -> None:
    with running(first.project) as run:
        run.wait_until_starting()
        assert len(processes_in(first.project)) > 4 or sys.platform != "linux"

        run.end(signal.SIGKILL)

    assert not (first.project / ".devservices" / "owner.json").exists()
    assert second.ask(f"{second.address}/health/ready")["status"] == "ok"


def test_everything_ends_with_the_command_that_started_it(first: FirstRun) -> None:
    with running(first.project, UNDER_A_PARENT) as run:
        run.wait_until_starting()

        run.end(signal.SIGKILL)


def test_run_under_nohup_outlives_its_terminal_and_ends_with_ctrl_c(first: FirstRun) -> None:
    with running(first.project, UNDER_NOHUP) as run:
        run.wait_until_serving()

        run.process.send_signal(signal.SIGHUP)

        assert run.ask(f"{run.address}/health/ready")["status"] == "ok"
        run.end(signal.SIGINT)
        assert run.process.returncode == 128 + signal.SIGINT


def test_second_run_of_a_project_is_refused_with_the_address_of_the_first(second: Running) -> None:
    assert re.search(rf"running already: .* at {second.address}\.", refusal(second.project))


def test_production_settings_are_not_served(first: FirstRun) -> None:
    assert "DEBUG is not True" in refusal(first.project, DEBUG="False")


def test_taken_port_is_named(first: FirstRun) -> None:
    elsewhere = {"DATABASE_URL": "postgresql://elsewhere.example/app", "REDIS_URL": "redis://there"}
    with socket.create_server((HOST, 0)) as server:
        port = str(server.getsockname()[1])

        assert f"{HOST}:{port}" in refusal(first.project, PORT=port, **elsewhere)


def sign_up(running: Running) -> None:
    url = f"{running.address}/api/auth/registration/"
    running.ask(url, json.dumps(NEWCOMER), **JSON)


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match, text
    return match[0]


def refusal(project: Path, **environment: str) -> str:
    """What a ``python -m devtools`` that must not serve says instead."""
    ended = subprocess.run(
        [sys.executable, "-m", "devtools"],
        cwd=project,
        env={**ENVIRONMENT, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    return ended.stderr
