"""What beat does for accounts now and then."""

from datetime import timedelta

from celery import shared_task
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from accounts import challenges, second_factor, session_purge, unused_accounts, wrong_codes
from core.admin_sessions import SessionStore

ADMIN_LOG_KEPT = timedelta(days=730)
"""How long Django admin shows who changed what."""


@shared_task
def purge_sessions() -> None:
    now = timezone.now()
    session_purge.purge(now=now)
    session_purge.purge_ended(now=now)


@shared_task
def purge_admin_sessions() -> None:
    SessionStore.clear_expired()


@shared_task
def purge_unused_accounts() -> None:
    unused_accounts.purge(now=timezone.now())


@shared_task
def purge_admin_log() -> None:
    LogEntry.objects.filter(action_time__lt=timezone.now() - ADMIN_LOG_KEPT).delete()


@shared_task
def purge_second_factor() -> None:
    now = timezone.now()
    challenges.purge(now=now)
    second_factor.purge_pending(now=now)
    wrong_codes.purge(now=now)
