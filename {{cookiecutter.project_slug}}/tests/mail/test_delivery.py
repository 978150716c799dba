"""Real mail: a web process, a broker, a worker and a mail server; each of them may be killed."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
import redis
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.conf import settings
from django.utils import timezone

from config.env import BASE_DIR
from devtools import valkey
from devtools.places import Place
from devtools.processes import Child, Children
from mail.models import Mail
from tests.devtools.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)


class Inbox:
    """The mail server's end: what arrived, and what it answers to a recipient."""

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self.arrived: Counter[str] = Counter()

    async def handle_RCPT(  # noqa: N802  the name is aiosmtpd's
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.arrived.update(envelope.rcpt_tos)
        return "250 OK"


class Stage:
    """Everything between a request and a mailbox, for one test."""

    def __init__(self, ends: ExitStack) -> None:
        self.inbox = Inbox()
        controller = Controller(self.inbox, hostname="127.0.0.1", port=_free_port())
        controller.start()
        ends.callback(controller.stop)
        self._folder = Path(tempfile.mkdtemp(prefix="mail-", dir="/tmp"))
        ends.callback(shutil.rmtree, self._folder)
        self._children = ends.enter_context(Children())
        self._environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": _test_database_url(),
            "REDIS_URL": f"unix://{self._folder / 'valkey.sock'}",
            "EMAIL_URL": f"smtp://127.0.0.1:{controller.port}",
        }
        self.start_broker()
        self._web = self._start_web(ends)

    def start_broker(self) -> None:
        place = Place(self._folder, self._folder, None, durable=False)
        valkey.start(self._children, place)

    def kill_broker(self) -> None:
        with redis.Redis.from_url(self._environment["REDIS_URL"]) as broker:
            os.kill(broker.info("server")["process_id"], signal.SIGKILL)
        until(self._children.take_ended)

    def start_worker(self) -> Child:
        options = ["--concurrency=1", "--loglevel=INFO", "--without-mingle", "--without-gossip"]
        worker = self._children.start(
            "worker",
            [sys.executable, "-m", "celery", "-A", "config", "worker", *options],
            log=self._folder / "worker.log",
            cwd=BASE_DIR,
            environment=self._environment,
        )
        worker.wait_until(lambda: " ready." in worker.log.read_text(), seconds=60)
        return worker

    def kill_worker(self, worker: Child) -> None:
        os.killpg(worker.process.pid, signal.SIGKILL)
        self._children.wait(worker)

    def web(self, command: str) -> float:
        """Returns the seconds it took."""
        assert self._web.stdin
        assert self._web.stdout
        self._web.stdin.write(command + "\n")
        self._web.stdin.flush()
        return float(self._web.stdout.readline())

    def _start_web(self, ends: ExitStack) -> "subprocess.Popen[str]":
        web = subprocess.Popen(
            [sys.executable, "-m", "tests.mail.web"],
            cwd=BASE_DIR,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        ends.callback(web.communicate)
        return web


@pytest.fixture
def stage() -> Iterator[Stage]:
    with ExitStack() as ends:
        yield Stage(ends)


def _free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        return int(server.getsockname()[1])


def _test_database_url() -> str:
    database: dict[str, Any] = settings.DATABASES["default"]
    host = database["OPTIONS"].get("host") or database["HOST"]
    login = f"{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}"
    return f"postgresql://{login}/{database['NAME']}?host={host}"


def states() -> Counter[str]:
    return Counter(Mail.objects.values_list("state", flat=True))


def time_passes() -> None:
    """So much that every letter that was left behind is due again."""
    Mail.objects.filter(state="pending").update(due_at=timezone.now(), claimed_until=None)


def test_letter_reaches_the_mail_server(stage: Stage) -> None:
    stage.start_worker()

    stage.web("post 1")

    until(lambda: states() == {"sent": 1})
    assert stage.inbox.arrived == {"person0@example.test": 1}


def test_broker_that_was_away_costs_neither_time_nor_mail(stage: Stage) -> None:
    stage.start_worker()
    stage.web("post 1")
    until(lambda: states() == {"sent": 1})
    stage.kill_broker()

    assert stage.web("post 1") < 1

    assert states() == {"sent": 1, "pending": 1}
    stage.start_broker()
    time_passes()
    stage.web("sweep")
    until(lambda: states() == {"sent": 2})


def test_worker_that_is_killed_loses_no_letter(stage: Stage) -> None:
    worker = stage.start_worker()
    stage.web("post 200")
    until(lambda: states()["sent"] > 20)

    stage.kill_worker(worker)
    assert states()["pending"]
    stage.start_worker()
    time_passes()
    stage.web("sweep")

    until(lambda: states() == {"sent": 200})
    assert len(stage.inbox.arrived) == 200
    assert stage.inbox.arrived.total() <= 201, "only the one in flight may arrive twice"


def test_recipient_who_is_put_off_gets_it_later_and_who_is_refused_never(stage: Stage) -> None:
    stage.inbox.answers = {
        "person0@example.test": "450 later",
        "person1@example.test": "550 no such mailbox",
    }
    stage.start_worker()
    stage.web("post 2")
    until(lambda: Mail.objects.filter(attempts=1, claimed_until=None).count() == 2)
    assert states() == {"pending": 1, "dead": 1}

    stage.inbox.answers = {}
    time_passes()
    stage.web("sweep")

    until(lambda: states() == {"sent": 1, "dead": 1})
    assert stage.inbox.arrived == {"person0@example.test": 1}
