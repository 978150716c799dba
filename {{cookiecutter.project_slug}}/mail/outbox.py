"""Posts e-mails: ``outbox.post``, in the transaction of the change that the e-mail is about."""

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

SWEPT_AFTER = timedelta(seconds=60)
"""When the sweep takes an e-mail that no worker has received: the broker was unavailable."""


def post(
    email: Email,
    *,
    to: str,
    parameters: dict[str, Any] | None = None,
    bound_to: str = "",
    not_after: datetime | None = None,
) -> None:
    """Writes a row, and passes it to a worker after the transaction commits.

    Args:
        email: a function registered with ``mail.messages.email``.
        parameters: for the function, as JSON. Never a secret, a link or a token.
        bound_to: a digest of the account's state now, which the function compares later.
        not_after: after this time the e-mail is obsolete and not sent.
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
    """Makes a dead e-mail pending, with all its attempts. Returns False for another state."""
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
        logger.warning("broker unavailable, the sweep will send the e-mail", extra=facts)
