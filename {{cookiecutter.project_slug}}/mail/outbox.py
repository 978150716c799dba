"""Stores e-mails for the worker: ``mail.delivery`` claims and sends them.

Call ``post`` in the transaction of the change that the e-mail reports.
"""

import logging
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from core.email_address import normalise
from mail import tasks
from mail.messages import Email
from mail.models import Mail

logger = logging.getLogger(__name__)

# The sweep takes an e-mail after this time if the broker was unavailable.
SWEPT_AFTER = timedelta(seconds=60)


def post(
    email: Email,
    *,
    to: str,
    parameters: dict[str, Any] | None = None,
    bound_to: str = "",
    not_after: datetime | None = None,
) -> None:
    """Stores the e-mail, and gives it to a worker after the transaction commits.

    Args:
        email: a function registered with ``mail.messages.email``.
        parameters: values for the text, as JSON. Never a secret, a link or a token.
        bound_to: a digest of the current state, which ``email`` compares.
        not_after: the e-mail becomes obsolete at this time.
    """
    mail = Mail(
        kind=email.__name__,
        recipient=normalise(to),
        parameters=parameters or {},
        bound_to=bound_to,
        not_after=not_after,
        due_at=timezone.now() + SWEPT_AFTER,
    )
    mail.save(force_insert=True)
    transaction.on_commit(partial(_hand_over, mail))


def send_again(mail: Mail) -> bool:
    """Resets the attempts of a dead e-mail. False for an e-mail in another state."""
    dead = Mail.objects.filter(pk=mail.pk, state=Mail.State.DEAD)
    revived = dead.update(
        state=Mail.State.PENDING, attempts=0, failed_here=False, due_at=timezone.now()
    )
    if revived:
        transaction.on_commit(partial(_hand_over, mail))
    return bool(revived)


def _hand_over(mail: Mail) -> None:
    try:
        tasks.send.delay(str(mail.pk))
    except OperationalError:
        facts = {"mail": str(mail.pk), "kind": mail.kind}
        logger.warning("broker unavailable, the sweep will send it", extra=facts)
