"""The one way to send mail: ``outbox.post`` inside the transaction that the e-mail is about."""

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
"""When the sweep takes an e-mail that no worker has heard of, the broker being away."""


def post(
    email: Email,
    *,
    to: str,
    parameters: dict[str, Any] | None = None,
    bound_to: str = "",
    not_after: datetime | None = None,
) -> None:
    """Writes the e-mail down; it is handed to a worker once the transaction has committed.

    Args:
        email: a function registered with ``mail.messages.email``; the worker calls it.
        parameters: what the e-mail says, as JSON. Never a secret, a link or a token.
        bound_to: a digest of the state under which it is asked for, for the e-mail to compare.
        not_after: when it is of no use any more; it becomes obsolete instead of being sent.
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
    """Gives a dead e-mail all its attempts again; False for one in another state.

    The worker decides as for any other: an e-mail that is obsolete by now is not sent.
    """
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
        logger.warning("broker away, the sweep will send it", extra=facts)
