"""The periodic task of tokens, which Celery beat starts."""

from celery import shared_task
from django.utils import timezone

from api_tokens import store


@shared_task
def purge_tokens() -> None:
    store.purge(now=timezone.now())
