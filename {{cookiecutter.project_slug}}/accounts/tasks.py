"""What beat does for accounts now and then."""

from celery import shared_task
from django.utils import timezone

from accounts import sessions
from accounts.flows import invitation


@shared_task
def purge_sessions() -> None:
    sessions.purge(now=timezone.now())


@shared_task
def purge_invitations() -> None:
    invitation.purge_unaccepted(now=timezone.now())
