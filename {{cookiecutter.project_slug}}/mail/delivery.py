"""Delivers a pending e-mail, one attempt at a time."""

import logging
import random
import re
import smtplib
import uuid
from datetime import datetime, timedelta

from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.encoding import force_str

from mail.messages import Obsolete, UndeliverableAddress, render
from mail.models import Mail

logger = logging.getLogger(__name__)

# The time for one attempt: the hard time limit of a task.
CLAIM = timedelta(seconds=300)
# With these delays, the attempts span most of a day.
MAX_ATTEMPTS = 8
FIRST_DELAY = timedelta(minutes=1)
LONGEST_DELAY = timedelta(hours=6)
GROWTH = 4
JITTER = 0.25

# The status of RFC 3463 that many replies begin with. 5.1.7 and 5.1.8 are about the sender.
_STATUS = re.compile(r"5\.\d+\.\d+")
_ABOUT_RECIPIENT = re.compile(r"5\.(1\.(?![78]\b)|2\.)")


def deliver(mail_id: uuid.UUID) -> None:
    """Makes one attempt, unless the e-mail is not pending or another worker has claimed it."""
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
        # Django raises a ValueError before it connects to the mail server.
        _failed(mail, error, failed_here=isinstance(error, ValueError))
    else:
        _finish(mail, Mail.State.SENT, sent_at=timezone.now())


@transaction.atomic
def _claim(mail_id: uuid.UUID, now: datetime) -> Mail | None:
    """Counts the attempt first, so that an e-mail that crashes its worker also becomes dead."""
    free = Q(claimed_until=None) | Q(claimed_until__lte=now)
    pending = Mail.objects.select_for_update(skip_locked=True).filter(
        free, pk=mail_id, state=Mail.State.PENDING
    )
    mail = pending.first()
    if mail is None:
        return None
    if mail.not_after and mail.not_after <= now:
        _finish(mail, Mail.State.OBSOLETE)
        return None
    if mail.attempts >= MAX_ATTEMPTS:
        _log(mail, logging.ERROR, outcome="dead", reason="worker ended", smtp_code=None)
        _finish(mail, Mail.State.DEAD)
        return None
    mail.attempts += 1
    mail.claimed_until = mail.due_at = now + CLAIM
    mail.save(update_fields=["attempts", "claimed_until", "due_at"])
    return mail


def _failed(mail: Mail, error: Exception, *, failed_here: bool) -> None:
    # Only the error's type and code: its text may quote the e-mail.
    reason, code = type(error).__name__, _reply(error)[0]
    facts = {"reason": reason, "smtp_code": code or None}
    is_permanent = _is_permanent(error)
    if is_permanent or mail.attempts >= MAX_ATTEMPTS:
        # An operator cannot repair a wrong address.
        level = logging.WARNING if is_permanent else logging.ERROR
        _log(mail, level, outcome="dead", **facts)
        _finish(mail, Mail.State.DEAD, error=reason)
        return
    _log(mail, logging.WARNING, outcome="retry", **facts)
    due_at = timezone.now() + delay_after(mail.attempts)
    _update(mail, due_at=due_at, claimed_until=None, error=reason, failed_here=failed_here)


def _log(mail: Mail, level: int, **facts: object) -> None:
    known = {"mail": str(mail.pk), "kind": mail.kind, "attempt": mail.attempts}
    logger.log(level, "mail not sent", extra=known | facts)


def delay_after(attempts: int) -> timedelta:
    """The exponential backoff, with jitter, up to ``LONGEST_DELAY``."""
    delay: timedelta = min(FIRST_DELAY * GROWTH ** (attempts - 1), LONGEST_DELAY)
    return delay * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311  not a secret


def _is_permanent(error: Exception) -> bool:
    """Whether the recipient's address cannot be used. An operator can repair other causes."""
    if isinstance(error, UndeliverableAddress | UnicodeEncodeError):
        return True
    if not isinstance(error, smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError):
        return False
    code, text = _reply(error)
    if code >= 500 and _STATUS.match(text):
        return bool(_ABOUT_RECIPIENT.match(text))
    return code >= 500 and isinstance(error, smtplib.SMTPRecipientsRefused)


def _reply(error: Exception) -> tuple[int, str]:
    """The code and the text of the mail server's reply; 0 without one."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        # An e-mail has one recipient.
        code, text = next(iter(error.recipients.values()))
        return code, force_str(text, errors="replace")
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code, force_str(error.smtp_error, errors="replace")
    return 0, ""


def _finish(mail: Mail, state: Mail.State, **fields: object) -> None:
    _update(mail, state=state, claimed_until=None, **fields)


def _update(mail: Mail, **fields: object) -> None:
    # Only while the claim holds: another worker may have made the next attempt.
    Mail.objects.filter(pk=mail.pk, attempts=mail.attempts).update(**fields)
