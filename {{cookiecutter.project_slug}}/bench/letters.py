"""How many letters a second workers send, and whether a letter costs more in a long backlog."""

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
"""Seconds that a backlog may take."""

_PORT = re.compile(r"port (\d+)")


def measure(site: Site, options: Namespace) -> list[Table]:
    inbox = site.python("inbox", "-m", "bench.inbox")
    inbox.wait_until(lambda: bool(_PORT.search(inbox.log.read_text())))
    port = _PORT.findall(inbox.log.read_text())[0]
    amount = max(options.letters, 10)
    rows = {}
    for processes in options.processes:
        say(f"{amount:,} letters, {processes} at a time …")
        _fill_outbox(amount)
        sent = _send_all(site, processes, f"smtp://{HOST}:{port}")
        rows[f"{processes} at a time"] = _figures(sent)
    return [Table("Letters", rows)]


def _fill_outbox(amount: int) -> None:
    """Letters without a link, which are sent whatever has become of their people."""
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
    """When each of them was sent, in order."""
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
        raise DevtoolsError(f"{lost.count()} letters were not sent: {first.state} {first.error}")
    return [at for at in Mail.objects.order_by("sent_at").values_list("sent_at", flat=True) if at]


def _end(site: Site, worker: Child) -> None:
    # Killed, it would leave its processes behind for a moment.
    worker.process.terminate()
    site.children.wait(worker)


def _figures(sent: list[datetime]) -> dict[str, float]:
    tenth = len(sent) // 10
    return {
        "letters/s": 1_000 / _milliseconds(sent),
        "first tenth, ms a letter": _milliseconds(sent[: tenth + 1]),
        "last tenth, ms a letter": _milliseconds(sent[-tenth - 1 :]),
    }


def _milliseconds(sent: list[datetime]) -> float:
    """From one letter to the next, on the average."""
    return (sent[-1] - sent[0]) / timedelta(milliseconds=1) / (len(sent) - 1)
