"""The servers between a browser and a mailbox, as in production; each can be killed.

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
from contextlib import ExitStack, closing, contextmanager, suppress
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from threading import Event
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
from tests.limits import NEVER_REACHED
from tests.mail.wire import Wire
from tests.waiting import until

PUBLIC_URL = "https://api.example.test"
WORKER = (
    *("--app=config", "worker", "--concurrency=1", "--loglevel=INFO"),
    # Every second it shows that it lives, and without a look for others of its kind.
    *("--heartbeat-interval=1", "--without-mingle", "--without-gossip"),
)


class Inbox:
    """The mail server's end: the e-mails that arrived, and the answers to them."""

    def __init__(self) -> None:
        self.speaks = Event()
        """While it is not set, the server receives e-mails and does not answer."""
        self.clear()

    def clear(self) -> None:
        self.answers: dict[str, str] = {}
        """To a recipient, and to an e-mail to it."""
        self.emails: list[EmailMessage] = []
        self.speaks.set()

    @property
    def arrived(self) -> Counter[str]:
        return Counter(email["To"] for email in self.emails)

    def links_to(self, address: str) -> list[str]:
        """The paths of the links of the API in e-mails to this address, the newest last."""
        found = (links_in(email) for email in self.emails if email["To"] == address)
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
        self.emails.append(message_from_bytes(content, policy=policy.default))
        await asyncio.to_thread(self.speaks.wait)
        return self.answers.get(envelope.rcpt_tos[0], "250 OK")


class MailServer(Controller):
    """On a port that the system chooses."""

    def _trigger_server(self) -> None:
        self.port = cast(Any, self.server).sockets[0].getsockname()[1]
        # It counts as started with its first client.
        with closing(socket.create_connection((self.hostname, self.port), timeout=5)) as client:
            client.recv(1024)


class Stage:
    """For one test after the other, each of which ends with ``clear``; ``ends`` takes it down."""

    def __init__(self, ends: ExitStack, inbox: Inbox) -> None:
        self.inbox = inbox
        self._webs: list[gunicorn.Web] = []
        self._wires: list[Wire] = []
        self._worker: Child | None = None
        self._has_broker = False
        self._read: dict[Path, int] = {}
        mail_server = MailServer(inbox, hostname=HOST, port=0)
        mail_server.start()
        ends.callback(mail_server.stop)
        # Else its threads that wait for that would not let the tests end.
        ends.callback(inbox.speaks.set)
        self._folder = Path(tempfile.mkdtemp(prefix="mail-", dir="/tmp"))
        ends.callback(shutil.rmtree, self._folder)
        self.alive = self._folder / "alive"
        self._children = ends.enter_context(Children())
        self._broker_url = f"unix://{self._folder / 'valkey.sock'}"
        self._environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "devtools.production_settings",
            "DATABASE_URL": _test_database_url(),
            "REDIS_URL": self._broker_url,
            "EMAIL_URL": f"smtp://{HOST}:{mail_server.port}",
            "PUBLIC_URL": PUBLIC_URL,
            "WORKER_ALIVE_FILE": str(self.alive),
            "JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION": "False",
            "JWT_ALLAUTH_INVITATIONS": "True",
            "JWT_ALLAUTH_MFA_TOTP_MODE": "optional",
            "JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE": "True",
            "NEW_DEVICE_EMAILS": "False",
            "THROTTLE_RATES": NEVER_REACHED,
        }
        self.start_broker()
        self.start_web()

    def clear(self) -> None:
        """No e-mail, answer or line of a log gets from one test into the next."""
        self.inbox.speaks.set()
        if not self._has_broker:
            # The worker asks ever more seldom whether it is back.
            self.kill_worker()
            self.start_broker()
        self._drop_emails()
        self.inbox.clear()
        self._wires[0].answers.clear()
        while len(self._webs) > 1:
            self._wires.pop()
            self._kill(self._webs.pop().process)
        self._read = {log: log.stat().st_size for log in self._folder.glob("*.log")}

    def _drop_emails(self) -> None:
        Mail.objects.all().delete()
        with self.broker() as broker:
            broker.delete("celery")
        if self._worker and not self._worker.ended:
            until(self.is_idle)

    # The web

    def browser(self) -> Browser:
        """It talks to the web that was started last."""
        browser = Browser()
        browser.handler = self._wires[-1]
        return browser

    def start_web(self, **environment: str) -> None:
        """Starts one, or one more with other settings."""
        log = self._new_log(f"gunicorn-{len(self._webs)}")
        options = ("--workers=1", "--threads=4")
        settings = self._environment | environment
        self._webs.append(gunicorn.start(self._children, *options, log=log, environment=settings))
        self._wires.append(Wire(self._webs[-1].port))
        # Its worker process is still on its way, and answers as soon as it is there.
        assert self.browser().get("/health/ready").status_code == 200

    @property
    def answers(self) -> list[Any]:
        """All that was said to a browser, by one web after the other."""
        return [answer for wire in self._wires for answer in wire.answers]

    # The broker

    def broker(self) -> "redis.Redis":
        # Without a timeout: a worker that listens waits until there is a task.
        return redis.Redis.from_url(self._broker_url, decode_responses=True, socket_timeout=None)

    def start_broker(self) -> None:
        place = Place(self._folder, self._folder, None, durable=False)
        valkey.start(self._children, place)
        self._has_broker = True

    def kill_broker(self) -> None:
        os.kill(self._broker_process(), signal.SIGKILL)
        until(self._children.take_ended)
        self._has_broker = False

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
        """Returns the one that runs, if there is one."""
        if self._worker and self._worker.ended:
            self.kill_worker()
        if not self._worker:
            self._worker = self._start("celery", *WORKER)
            log = self._worker.log
            self._worker.wait_until(lambda: " ready." in log.read_text(), seconds=60)
        return self._worker

    def kill_worker(self) -> None:
        """What it has not acknowledged is lost: the broker would give it to another in an hour."""
        if self._worker:
            self._kill(self._worker)
            self._worker = None
            if self._has_broker:
                with self.broker() as broker:
                    broker.delete("unacked", "unacked_index")

    @contextmanager
    def hung_worker(self) -> Iterator[None]:
        """Begins no task, and ends none."""
        group = self.start_worker().process.pid
        os.killpg(group, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(group, signal.SIGCONT)

    def is_idle(self) -> bool:
        """Whether the worker has acknowledged every task that it took."""
        with self.broker() as broker:
            return not broker.exists("unacked")

    def sweep(self) -> None:
        """As beat does, for e-mails that are due."""
        self.send_task(tasks.sweep.name)

    def send_task(self, name: str, *arguments: str) -> None:
        with self._celery() as celery:
            # Without a copy of the arguments in plain text, which has no reader.
            celery.send_task(name, arguments, argsrepr="")

    def _celery(self) -> Celery:
        """Not the one of the tests, which has another broker."""
        broker = self._broker_url.replace("unix", "redis+socket", 1)
        return Celery(broker=broker, set_as_current=False)

    # Each of them

    def logs(self) -> str:
        """What each program has logged in this test; a killed worker's went with it."""
        logs = self._folder.glob("*.log")
        return "".join(log.read_bytes()[self._read.get(log, 0) :].decode() for log in logs)

    def _new_log(self, name: str) -> Path:
        log = self._folder / f"{name}.log"
        self._read.pop(log, None)
        return log

    def _kill(self, child: Child) -> None:
        with suppress(ProcessLookupError):
            os.killpg(child.process.pid, signal.SIGKILL)
        self._children.wait(child)

    def _start(self, module: str, *arguments: str) -> Child:
        """Starts a Python program; it is killed in the end, for it has nothing to finish."""
        return self._children.start(
            module,
            [sys.executable, "-m", module, *arguments],
            log=self._new_log(module),
            stop_signal=signal.SIGKILL,
            cwd=BASE_DIR,
            # In the URL it wins over a name that the owner has given to all connections.
            environment=self._environment
            | {"DATABASE_URL": f"{_test_database_url()}&application_name={module}"},
        )


def links_in(email: EmailMessage) -> list[str]:
    text = cast(EmailMessage, email.get_body(("plain",))).get_content()
    return re.findall(rf"^{re.escape(PUBLIC_URL)}(/api/\S+)", text, re.MULTILINE)


def _test_database_url() -> str:
    database: dict[str, Any] = settings.DATABASES["default"]
    login = f"{database['USER']}:{database['PASSWORD']}@:{database['PORT']}"
    return f"postgresql://{login}/{database['NAME']}?host={database['HOST']}"


def states() -> Counter[str]:
    return Counter(Mail.objects.values_list("state", flat=True))


def time_passes() -> None:
    """So much that every pending e-mail is due again."""
    Mail.objects.filter(state="pending").update(due_at=timezone.now(), claimed_until=None)
