"""The periodic task of the feature, which Celery beat starts."""

from celery import shared_task
from django.utils import timezone

from social_login import social_accounts, steps


@shared_task
def purge_social_login() -> None:
    now = timezone.now()
    steps.purge(now=now)
    social_accounts.purge_pending(now=now)
