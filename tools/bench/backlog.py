"""How many e-mails per second workers send, and whether the length of the backlog matters."""

import re
from argparse import Namespace
from datetime import datetime, timedelta

import redis
from django.utils import timezone

from accounts import emails
from bench.report import Table, say
from bench.site import Site
from devtools.errors import DevtoolsError
from devtools.ports import HOST
from devtools.processes import Child
from mail import tasks
from mail.models import Mail

LONGEST = 3_600
"""Seconds. The maximum time for a backlog."""

_PORT = re.compile(r"port (\d+)")


def measure(site: Site, options: Namespace) -> list[Table]:
    inbox = site.python("inbox", "-m", "bench.inbox")
    inbox.wait_until(lambda: bool(_PORT.search(inbox.log.read_text())))
    port = _PORT.findall(inbox.log.read_text())[0]
    amount = max(options.emails, 10)
    rows = {}
    for processes in options.processes:
        say(f"{amount:,} e-mails, {processes} at a time …")
        _fill_outbox(amount)
        sent = _send_all(site, processes, f"smtp://{HOST}:{port}")
        rows[f"{processes} at a time"] = _figures(sent)
    return [Table("E-mails", rows)]


def _fill_outbox(amount: int) -> None:
    """Fills the outbox with e-mails without a link, which need no account."""
    Mail.objects.all().delete()
    later = timezone.now() + timedelta(days=1)
    outbox = Mail.objects.bulk_create(
        [
            Mail(
                kind=emails.password_changed.__name__,
                recipient=f"person{number}@example.test",
                parameters={"ip": "192.0.2.1"},
                due_at=later,
            )
            for number in range(amount)
        ],
        batch_size=1_000,
    )
    for mail in outbox:
        tasks.send.delay(str(mail.pk))


def _send_all(site: Site, processes: int, email_url: str) -> list[datetime]:
    """Returns when each e-mail was sent, in order."""
    worker = site.python(
        f"worker-{processes}",
        *("-m", "celery", "--quiet", "--app=config", "worker", f"--concurrency={processes}"),
        EMAIL_URL=email_url,
    )
    with redis.Redis.from_url(site.environment["REDIS_URL"]) as broker:
        worker.wait_until(lambda: not broker.exists("celery", "unacked"), seconds=LONGEST)
    _end(site, worker)
    lost = Mail.objects.exclude(state=Mail.State.SENT)
    if first := lost.first():
        raise DevtoolsError(f"{lost.count()} e-mails were not sent: {first.state} {first.error}")
    return [at for at in Mail.objects.order_by("sent_at").values_list("sent_at", flat=True) if at]


def _end(site: Site, worker: Child) -> None:
    # SIGKILL would leave its child processes behind for a moment.
    worker.process.terminate()
    site.children.wait(worker)


def _figures(sent: list[datetime]) -> dict[str, float]:
    tenth = len(sent) // 10
    return {
        "e-mails/s": 1_000 / _milliseconds(sent),
        "first tenth, ms per e-mail": _milliseconds(sent[: tenth + 1]),
        "last tenth, ms per e-mail": _milliseconds(sent[-tenth - 1 :]),
    }


def _milliseconds(sent: list[datetime]) -> float:
    """Returns the average milliseconds from one e-mail to the next."""
    return (sent[-1] - sent[0]) / timedelta(milliseconds=1) / (len(sent) - 1)
