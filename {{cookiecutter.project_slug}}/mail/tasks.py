"""The Celery tasks of the outbox."""

import uuid
from datetime import timedelta

from celery import shared_task
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from mail import delivery, status
from mail.models import Mail

SWEEP_BATCH = 1_000
# After this time, the sweep gives an e-mail to a worker again.
HANDED_OVER = timedelta(minutes=10)
KEPT = timedelta(days=30)
# An administrator can send dead e-mails again.
DEAD_KEPT = timedelta(days=90)


@shared_task
def send(mail_id: str) -> None:
    delivery.deliver(uuid.UUID(mail_id))


@shared_task
def sweep() -> None:
    """Gives due e-mails to workers: retries, and e-mails that a broker or a worker has lost."""
    status.warn_if_late()
    for mail_id in _take_due():
        send.delay(str(mail_id))


@shared_task
def purge() -> None:
    """Deletes the rows of sent and obsolete e-mails, and later those of dead ones."""
    now = timezone.now()
    done = Q(state__in=[Mail.State.SENT, Mail.State.OBSOLETE], created_at__lt=now - KEPT)
    dead = Q(state=Mail.State.DEAD, created_at__lt=now - DEAD_KEPT)
    Mail.objects.filter(done | dead).delete()


@transaction.atomic
def _take_due() -> list[uuid.UUID]:
    now = timezone.now()
    due = Mail.objects.select_for_update(skip_locked=True).filter(
        state=Mail.State.PENDING, due_at__lte=now
    )
    taken = list(due.order_by("due_at").values_list("pk", flat=True)[:SWEEP_BATCH])
    Mail.objects.filter(pk__in=taken).update(due_at=now + HANDED_OVER)
    return taken
