"""``make run``, as its owner sees it: everything starts, a request is answered, all of it ends."""

import html
import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest

from config.env import BASE_DIR
from tests.devtools.waiting import until

ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "DEBUG": "True",
    "ALLOWED_HOSTS": "127.0.0.1",
    "SECRET_KEY": "a-secret-key-of-the-tests-that-signs-nothing-anywhere-else",
    "JWT_SIGNING_KEY": "another-key-of-the-tests-that-signs-tokens-nowhere-else",
    "MFA_ENCRYPTION_KEYS": "a-key-of-the-tests-that-encrypts-secrets-nowhere-else",
    "JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION": "False",
    "JWT_ALLAUTH_MFA_TOTP_MODE": "disabled",
}
NEWCOMER = {
    "email": "ada@example.test",
    "password1": "a good long pass phrase",
    "password2": "a good long pass phrase",
    "first_name": "Ada",
    "last_name": "Lovelace",
}


# What runs in the background of a script is started with SIGINT ignored.
IN_BACKGROUND = ["/bin/sh", "-c", 'trap "" INT; exec "$0" -m devtools', sys.executable]
# A parent like `make`, which can be killed without having passed it on.
UNDER_A_PARENT = ["/bin/sh", "-c", '"$0" -m devtools; true', sys.executable]


class Running:
    """A ``python -m devtools`` that serves."""

    def __init__(
        self, project: Path, command: list[str] = IN_BACKGROUND, **environment: str
    ) -> None:
        self.project = project
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

    def wait_for(self, text: str) -> None:
        """Reads what it prints, up to a line with this text."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.output += line
            if text in line:
                return
        raise AssertionError(f"it ended without {text!r}:\n{self.output}")

    def pasted(self) -> Any:
        """What the printed curl line answers."""
        _, _, url, _, header, _, body = shlex.split(first(r"curl -s .*", self.output))
        return self.ask(url, body, **dict([header.split(": ")]))

    def ask(self, url: str, body: str | None = None, **headers: str) -> Any:
        request = Request(url, body.encode() if body else None, headers)  # noqa: S310
        with urlopen(request, timeout=30) as response:  # noqa: S310
            return json.load(response)

    def page(self, path: str) -> str:
        """What a browser reads there, character references resolved."""
        with urlopen(self.address + path, timeout=30) as response:  # noqa: S310
            return html.unescape(response.read().decode())

    @property
    def address(self) -> str:
        return first(r"http://127\.0\.0\.1:\d+", self.output)

    def end(self, number: signal.Signals) -> None:
        """Sends the signal and waits until nothing that was started is left."""
        self.process.send_signal(number)
        self.process.communicate(timeout=60)
        until(lambda: not processes_in(self.project))


Run = Callable[..., Running]


def processes_in(folder: Path) -> list[int]:
    """The processes that work in this folder, as the servers, the worker and the web server do."""
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if _works_in(entry, folder)]


def _works_in(entry: Path, folder: Path) -> bool:
    with suppress(OSError):
        return (entry / "cwd").readlink().is_relative_to(folder)
    return False


@pytest.fixture
def copy(project: Path) -> Path:
    """The project itself, without the data of its owner, in a folder with spaces in its path."""
    left = shutil.ignore_patterns(".venv", ".env", ".devservices", ".*_cache", "__pycache__")
    return Path(shutil.copytree(BASE_DIR, project / "copy", ignore=left))


@pytest.fixture
def run() -> Iterator[Run]:
    with ExitStack() as ends:

        def start(project: Path, command: list[str] = IN_BACKGROUND, **environment: str) -> Running:
            running = Running(project, command, **environment)
            ends.callback(running.end, signal.SIGKILL)
            return running

        yield start


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_printed_line_signs_in_and_every_process_ends_with_the_command(
    number: signal.Signals, copy: Path, run: Run
) -> None:
    running = run(copy)
    running.wait_until_serving()
    running.wait_for(" ready.")

    assert set(running.pasted()) == {"access"}
    assert running.ask(f"{running.address}/health/ready")["status"] == "ok"
    assert len(processes_in(copy)) > 4 or sys.platform != "linux"

    running.end(number)
    assert not (copy / ".devservices" / "owner.json").exists()


def test_everything_ends_with_the_command_that_started_it(copy: Path, run: Run) -> None:
    running = run(copy, UNDER_A_PARENT)
    running.wait_until_serving()

    running.end(signal.SIGKILL)


def test_second_run_finds_the_data_of_the_first(copy: Path, run: Run) -> None:
    first = run(copy)
    first.wait_until_serving()
    first.pasted()
    first.end(signal.SIGINT)

    second = run(copy)
    second.wait_until_serving()

    access = second.pasted()["access"]
    url = f"{second.address}/api/auth/sessions/"
    assert len(second.ask(url, Authorization=f"Bearer {access}")) == 2


def test_newcomer_finds_the_link_in_the_mailbox_as_html_and_as_text(copy: Path, run: Run) -> None:
    running = run(copy)
    running.wait_until_serving()

    sign_up(running)
    until(lambda: NEWCOMER["email"] in running.page("/mailbox/"))

    letter = first(r"/mailbox/sent/\d[\w-]+/", running.page("/mailbox/"))
    link = first(f'(?<=href="){running.address}/api/auth/[^"]+', running.page(f"{letter}html/"))
    assert f"\n{link}\r\n" in running.page(f"{letter}?tab=text")
    assert f"{running.address}/mailbox/\n" in running.output


def test_mail_server_of_the_owner_gets_the_letters_and_there_is_no_mailbox(
    copy: Path, run: Run
) -> None:
    letters = copy / "letters"
    running = run(copy, EMAIL_URL=f"filemail://{quote(str(letters))}")
    running.wait_until_serving()

    sign_up(running)
    until(lambda: any(NEWCOMER["email"] in path.read_text() for path in letters.glob("*.log")))

    assert "/mailbox/" not in running.output
    with pytest.raises(HTTPError, match="404"):
        running.page("/mailbox/")


def test_two_projects_run_side_by_side(copy: Path, project: Path, run: Run) -> None:
    other = Path(shutil.copytree(copy, project / "another"))
    both = [run(copy), run(other)]
    for running in both:
        running.wait_until_serving()

    assert both[0].address != both[1].address
    assert all(set(running.pasted()) == {"access"} for running in both)


def test_second_run_of_a_project_is_refused_with_the_address_of_the_first(
    copy: Path, run: Run
) -> None:
    first = run(copy)
    first.wait_until_serving()

    assert re.search(rf"running already: .* at {first.address}\.", refusal(copy))


def test_production_settings_are_not_served(copy: Path) -> None:
    assert "DEBUG is not True" in refusal(copy, DEBUG="False")


def test_taken_port_is_named(copy: Path, run: Run) -> None:
    other = Path(shutil.copytree(copy, copy.with_name("another")))
    first = run(copy)
    first.wait_until_serving()
    port = first.address.rpartition(":")[2]

    assert f"127.0.0.1:{port}" in refusal(other, PORT=port)


def sign_up(running: Running) -> None:
    url = f"{running.address}/api/auth/registration/"
    running.ask(url, json.dumps(NEWCOMER), **{"Content-Type": "application/json"})


def first(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found, text
    return found[0]


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
