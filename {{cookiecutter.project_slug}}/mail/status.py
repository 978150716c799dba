"""Reports late e-mails, to the log, ``manage.py outbox_status`` and the health probe."""

import logging
from datetime import timedelta

from django.utils import timezone

from core import health
from mail.models import Mail

logger = logging.getLogger(__name__)

LATE = timedelta(minutes=15)


def oldest_unsent() -> float:
    """The age in seconds of the oldest pending e-mail, or 0.

    Does not count e-mails that failed before they reached the mail server.
    """
    pending = Mail.objects.filter(state=Mail.State.PENDING, failed_here=False)
    oldest = pending.order_by("created_at").values_list("created_at", flat=True).first()
    return (timezone.now() - oldest).total_seconds() if oldest else 0.0


def warn_if_late() -> None:
    age = oldest_unsent()
    if age > LATE.total_seconds():
        logger.warning("e-mail is late", extra={"oldest_unsent_seconds": round(age)})


def probe() -> str:
    """The public health word. It considers only e-mails without an attempt.

    After an attempt, an e-mail to an unknown address is obsolete, and one to a known address may
    wait for the mail server. The word would reveal which addresses have an account.
    """
    warn_if_late()
    untaken = Mail.objects.filter(state=Mail.State.PENDING, attempts=0)
    is_late = untaken.filter(created_at__lt=timezone.now() - LATE).exists()
    return health.DEGRADED if is_late else health.OK
