"""The periodic tasks of accounts, which Celery beat starts."""

from datetime import timedelta

from celery import shared_task
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from accounts.flows import expiry
from accounts.services import closed_accounts, history, unused_accounts
from accounts.services.mfa import challenges, enrolment, failed_attempts, trusted_devices
from accounts.services.sessions import purge
from core.admin_sessions import SessionStore

ADMIN_LOG_KEPT = timedelta(days=730)


@shared_task
def purge_sessions() -> None:
    now = timezone.now()
    purge.purge(now=now)
    purge.purge_ended(now=now)


@shared_task
def purge_admin_sessions() -> None:
    SessionStore.clear_expired()


@shared_task
def purge_unused_accounts() -> None:
    now = timezone.now()
    expiry.warn(now=now)
    unused_accounts.purge(now=now)


@shared_task
def purge_admin_log() -> None:
    LogEntry.objects.filter(action_time__lt=timezone.now() - ADMIN_LOG_KEPT).delete()


@shared_task
def delete_closed_accounts() -> None:
    closed_accounts.delete_due(now=timezone.now())


@shared_task
def purge_history() -> None:
    history.purge(now=timezone.now())


@shared_task
def purge_second_factor() -> None:
    now = timezone.now()
    challenges.purge(now=now)
    enrolment.purge_pending(now=now)
    failed_attempts.purge(now=now)
    trusted_devices.purge(now=now)
