"""Deletes accounts, with the rows that name them without a foreign key."""

import logging
import uuid

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from accounts.models import User
from mail.models import Mail

logger = logging.getLogger(__name__)


def delete(candidates: QuerySet[User], user_id: uuid.UUID) -> User | None:
    """Deletes the account if it is still one of the candidates and is not locked."""
    try:
        with transaction.atomic():
            # The user may be accepting an invitation, or reopening the account, right now.
            unlocked = candidates.select_for_update(skip_locked=True, no_key=True)
            user = unlocked.filter(pk=user_id).first()
            if user is not None:
                remove_traces(user)
                user.delete()
            return user
    except IntegrityError:
        logger.warning("account not deleted, rows refer to it: user=%s", user_id)
        return None


def remove_traces(user: User) -> None:
    """Deletes the e-mails of the account, and its address from the log of Django admin."""
    emails_of(user).delete()
    entries = LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(User), object_id=str(user.pk)
    )
    entries.update(object_repr=str(user.pk))


def emails_of(user: User) -> QuerySet[Mail]:
    """The e-mails of the outbox to or about the account.

    One to the address may be about another account, which then names itself in the parameters.
    """
    to_user = Q(recipient=user.email, parameters__user__isnull=True)
    return Mail.objects.filter(to_user | Q(parameters__user=str(user.pk)))
