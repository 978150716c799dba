"""The periodic task of passkeys, which Celery beat starts."""

from celery import shared_task
from django.utils import timezone

from passkeys import challenges


@shared_task
def purge_challenges() -> None:
    challenges.purge(now=timezone.now())
