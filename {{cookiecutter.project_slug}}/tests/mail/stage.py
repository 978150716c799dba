"""Everything between a browser and a mailbox, as it is in production; each of it may be killed.

Gunicorn, a worker, a broker and a mail server, on the database of the test.
"""

import asyncio
import os
import re
import shutil
import signal
import socket
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

import redis
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from celery import Celery
from django.conf import settings
from django.utils import timezone

from config.env import BASE_DIR
from devtools import gunicorn, valkey
from devtools.places import Place
from devtools.ports import HOST
from devtools.processes import Child, Children
from mail import tasks
from mail.models import Mail
from tests.client import Browser
from tests.devtools.waiting import until
from tests.limits import NEVER_REACHED
from tests.mail.wire import Wire

PUBLIC_URL = "https://api.example.test"


class Inbox:
    """The mail server's end: what arrived, whole, and what it answers to a recipient."""

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self.is_silent = False
        """Whether it takes a letter and says nothing to that."""
        self.letters: list[EmailMessage] = []

    @property
    def arrived(self) -> Counter[str]:
        return Counter(letter["To"] for letter in self.letters)

    def links_to(self, address: str) -> list[str]:
        """The paths that the letters to this address link to, the newest last."""
        found = (links_in(letter) for letter in self.letters if letter["To"] == address)
        return [link for links in found for link in links]

    async def handle_RCPT(  # noqa: N802  the name is aiosmtpd's
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = cast(bytes, envelope.content)
        self.letters.append(message_from_bytes(content, policy=policy.default))
        if self.is_silent:
            await asyncio.Event().wait()
        return "250 OK"


class MailServer(Controller):
    """On a port that the system chooses."""

    def _trigger_server(self) -> None:
        self.port = cast(Any, self.server).sockets[0].getsockname()[1]
        # It counts as started with its first client.
        with closing(socket.create_connection((self.hostname, self.port), timeout=5)) as client:
            client.recv(1024)


class Stage:
    """For one test; ``ends`` takes it down."""

    def __init__(self, ends: ExitStack, inbox: Inbox) -> None:
        self.inbox = inbox
        mail_server = MailServer(inbox, hostname=HOST, port=0)
        mail_server.start()
        ends.callback(mail_server.stop)
        self._folder = Path(tempfile.mkdtemp(prefix="mail-", dir="/tmp"))
        ends.callback(shutil.rmtree, self._folder)
        self.alive = self._folder / "alive"
        self._children = ends.enter_context(Children())
        self._broker_url = f"unix://{self._folder / 'valkey.sock'}"
        self._environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "tests.mail.settings",
            "DATABASE_URL": _test_database_url(),
            "REDIS_URL": self._broker_url,
            "EMAIL_URL": f"smtp://{HOST}:{mail_server.port}",
            "PUBLIC_URL": PUBLIC_URL,
            "WORKER_ALIVE_FILE": str(self.alive),
            "JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION": "False",
            "JWT_ALLAUTH_INVITATIONS": "True",
            "JWT_ALLAUTH_MFA_TOTP_MODE": "optional",
            "JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE": "True",
            "NEW_DEVICE_LETTERS": "False",
            "THROTTLE_RATES": NEVER_REACHED,
        }
        self.start_broker()
        self._wires: list[Wire] = []
        self.start_web()

    # The web

    def browser(self) -> Browser:
        """It talks to the web that was started last."""
        browser = Browser()
        browser.handler = self._wires[-1]
        return browser

    def start_web(self, **environment: str) -> None:
        """Starts one, or one more with other settings."""
        self._environment |= environment
        self._wires.append(Wire(self._serve()))
        # Its worker process is still on its way, and answers as soon as it is there.
        assert self.browser().get("/health/ready").status_code == 200

    @property
    def answers(self) -> list[Any]:
        """All that was said to a browser, by one web after the other."""
        return [answer for wire in self._wires for answer in wire.answers]

    def _serve(self) -> int:
        """Returns the port."""
        log = self._folder / f"gunicorn-{len(self._wires)}.log"
        options = ("--workers=1", "--threads=4")
        return gunicorn.start(self._children, *options, log=log, environment=self._environment).port

    # The broker

    def broker(self) -> "redis.Redis":
        # Whoever listens waits for as long as nothing is said: a worker takes its time to start.
        return redis.Redis.from_url(self._broker_url, decode_responses=True, socket_timeout=None)

    def start_broker(self) -> None:
        place = Place(self._folder, self._folder, None, durable=False)
        valkey.start(self._children, place)

    def kill_broker(self) -> None:
        os.kill(self._broker_process(), signal.SIGKILL)
        until(self._children.take_ended)

    @contextmanager
    def hung_broker(self) -> Iterator[None]:
        """Takes connections and answers nothing."""
        process = self._broker_process()
        os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(process, signal.SIGCONT)

    def _broker_process(self) -> int:
        with self.broker() as broker:
            return int(broker.info("server")["process_id"])

    # The worker

    def start_worker(self) -> Child:
        options = ["--concurrency=1", "--loglevel=INFO", "--without-mingle", "--without-gossip"]
        worker = self._start("celery", "--app=config", "worker", *options)
        worker.wait_until(lambda: " ready." in worker.log.read_text(), seconds=60)
        return worker

    def kill_worker(self, worker: Child) -> None:
        os.killpg(worker.process.pid, signal.SIGKILL)
        self._children.wait(worker)

    def is_idle(self) -> bool:
        """Whether the worker has acknowledged every task that it took."""
        with self.broker() as broker:
            return not broker.exists("unacked")

    def sweep(self) -> None:
        """As beat does, for letters that are due."""
        self.send_task(tasks.sweep.name)

    def send_task(self, name: str, *arguments: str) -> None:
        with self._celery() as celery:
            # Without a copy of the arguments in plain text, which nobody reads.
            celery.send_task(name, arguments, argsrepr="")

    def _celery(self) -> Celery:
        """Not the one of the tests, which has another broker."""
        broker = self._broker_url.replace("unix", "redis+socket", 1)
        return Celery(broker=broker, set_as_current=False)

    # Each of them

    def logs(self) -> str:
        """What each program has logged, those with one name since the last of them was started."""
        return "".join(log.read_text() for log in self._folder.glob("*.log"))

    def _start(self, module: str, *arguments: str) -> Child:
        """Starts a Python program; it is killed in the end, for it has nothing to finish."""
        return self._children.start(
            module,
            [sys.executable, "-m", module, *arguments],
            log=self._folder / f"{module}.log",
            stop_signal=signal.SIGKILL,
            cwd=BASE_DIR,
            environment=self._environment,
        )


def links_in(letter: EmailMessage) -> list[str]:
    text = cast(EmailMessage, letter.get_body(("plain",))).get_content()
    return re.findall(rf"^{re.escape(PUBLIC_URL)}(/\S+)", text, re.MULTILINE)


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
