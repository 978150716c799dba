"""Whether e-mails are late. The exact age is for the log and for ``manage.py outbox_status``."""

import logging
from datetime import timedelta

from django.utils import timezone

from core import health
from mail.models import Mail

logger = logging.getLogger(__name__)

LATE = timedelta(minutes=15)
"""After this long an e-mail that is not sent needs somebody to look."""


def oldest_unsent() -> float:
    """Seconds since the oldest unsent e-mail was asked for, 0 where there is none.

    Unsent is what the mail server refuses or does not answer for, and what no worker has taken.
    """
    pending = Mail.objects.filter(state=Mail.State.PENDING, failed_here=False)
    oldest = pending.order_by("created_at").values_list("created_at", flat=True).first()
    return (timezone.now() - oldest).total_seconds() if oldest else 0.0


def warn_if_late() -> None:
    """Writes the age of the oldest pending e-mail to the log, if it is over ``LATE``."""
    age = oldest_unsent()
    if age > LATE.total_seconds():
        logger.warning("e-mail is late", extra={"oldest_unsent_seconds": round(age)})


def probe() -> str:
    """For the public: one word, which is about the workers and about no e-mail.

    What no worker has taken waits for known and unknown addresses alike. Once a worker has it, an
    e-mail to an unknown address is obsolete where one to a known address waits for the mail server:
    a word that depended on that would tell who has an account.
    """
    warn_if_late()
    untaken = Mail.objects.filter(state=Mail.State.PENDING, attempts=0)
    is_late = untaken.filter(created_at__lt=timezone.now() - LATE).exists()
    return health.DEGRADED if is_late else health.OK
