"""Whether e-mails are late. Only the log and ``manage.py outbox_status`` show the exact age."""

import logging
from datetime import timedelta

from django.utils import timezone

from core import health
from mail.models import Mail

logger = logging.getLogger(__name__)

LATE = timedelta(minutes=15)
"""After this time an unsent e-mail needs attention."""


def oldest_unsent() -> float:
    """Seconds since the oldest unsent e-mail was posted, 0 without one.

    Counts e-mails that no worker has taken, or that the mail server did not accept.
    """
    pending = Mail.objects.filter(state=Mail.State.PENDING, failed_here=False)
    oldest = pending.order_by("created_at").values_list("created_at", flat=True).first()
    return (timezone.now() - oldest).total_seconds() if oldest else 0.0


def warn_if_late() -> None:
    """Logs the age of the oldest unsent e-mail, if it is over ``LATE``."""
    age = oldest_unsent()
    if age > LATE.total_seconds():
        logger.warning("e-mail is late", extra={"oldest_unsent_seconds": round(age)})


def probe() -> str:
    """A public status word. It depends only on e-mails that no worker has taken.

    Against enumeration: a worker finds that an e-mail to an unknown address is obsolete, while one
    to a known address may wait for the mail server.
    """
    warn_if_late()
    untaken = Mail.objects.filter(state=Mail.State.PENDING, attempts=0)
    is_late = untaken.filter(created_at__lt=timezone.now() - LATE).exists()
    return health.DEGRADED if is_late else health.OK
