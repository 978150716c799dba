"""Sends the e-mails of the outbox, one attempt at a time."""

import logging
import random
import smtplib
import uuid
from datetime import datetime, timedelta

from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from mail.messages import Obsolete, UndeliverableAddress, render
from mail.models import Mail

logger = logging.getLogger(__name__)

CLAIM = timedelta(seconds=300)
"""The time limit of one attempt, and of a Celery task."""
MAX_ATTEMPTS = 8
"""With the delays below, the attempts span most of a day."""
FIRST_DELAY = timedelta(minutes=1)
LONGEST_DELAY = timedelta(hours=6)
GROWTH = 4
JITTER = 0.25
"""The share by which a delay varies: e-mails that fail together are not retried together."""


def deliver(mail_id: uuid.UUID) -> None:
    """Makes one attempt, unless another worker has claimed the e-mail or it is finished."""
    mail = _claim(mail_id, timezone.now())
    if mail is None:
        return
    try:
        message = render(mail)
    except Obsolete:
        _finish(mail, Mail.State.OBSOLETE)
    except Exception as error:
        _failed(mail, error, failed_here=True)
    else:
        _send(mail, message)


def _send(mail: Mail, message: EmailMessage) -> None:
    try:
        message.send()
    except Exception as error:
        # Django raises ValueError for an e-mail that it cannot pass to a mail server.
        _failed(mail, error, failed_here=isinstance(error, ValueError))
    else:
        _finish(mail, Mail.State.SENT, sent_at=timezone.now())


@transaction.atomic
def _claim(mail_id: uuid.UUID, now: datetime) -> Mail | None:
    """Counts the attempt first: an e-mail that crashes its worker has a last attempt too."""
    free = Q(claimed_until=None) | Q(claimed_until__lte=now)
    pending = Mail.objects.select_for_update(skip_locked=True).filter(
        free, pk=mail_id, state=Mail.State.PENDING
    )
    mail = pending.first()
    if mail is None or _is_over(mail, now):
        return None
    mail.attempts += 1
    mail.claimed_until = mail.due_at = now + CLAIM
    mail.save(update_fields=["attempts", "claimed_until", "due_at"])
    return mail


def _is_over(mail: Mail, now: datetime) -> bool:
    if mail.not_after and mail.not_after <= now:
        _finish(mail, Mail.State.OBSOLETE)
        return True
    if mail.attempts >= MAX_ATTEMPTS:
        _finish(mail, Mail.State.DEAD)
        return True
    return False


def _failed(mail: Mail, error: Exception, *, failed_here: bool) -> None:
    """Stores the type of the error. Its message may contain the e-mail."""
    reason = type(error).__name__
    logger.warning("mail not sent: id=%s kind=%s reason=%s", mail.pk, mail.kind, reason)
    if mail.attempts >= MAX_ATTEMPTS or _is_permanent(error):
        _finish(mail, Mail.State.DEAD, error=reason)
        return
    due_at = timezone.now() + delay_after(mail.attempts)
    _update(mail, due_at=due_at, claimed_until=None, error=reason, failed_here=failed_here)


def delay_after(attempts: int) -> timedelta:
    """Exponential backoff with jitter, up to ``LONGEST_DELAY``."""
    delay: timedelta = min(FIRST_DELAY * GROWTH ** (attempts - 1), LONGEST_DELAY)
    return delay * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311  no secret


def _is_permanent(error: Exception) -> bool:
    """Whether the recipient is refused permanently, or the e-mail can never be encoded.

    Other errors may be ours or the server's, and lose no e-mail.
    """
    if isinstance(error, UndeliverableAddress | UnicodeEncodeError):
        return True
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500


def _finish(mail: Mail, state: Mail.State, **fields: object) -> None:
    _update(mail, state=state, claimed_until=None, **fields)


def _update(mail: Mail, **fields: object) -> None:
    """Only while the claim is ours: a worker that took too long changes nothing."""
    Mail.objects.filter(pk=mail.pk, attempts=mail.attempts).update(**fields)
