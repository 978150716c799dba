"""Closed accounts: inactive until ``closes_at``, then deleted.

An account that is being closed is inactive, so that every check for inactive accounts refuses it.
"""

import uuid
from collections.abc import Callable
from datetime import datetime

from django.db.models import QuerySet

from accounts.conf import switches
from accounts.models import User
from accounts.services import deletion
from core.logging import security_log

Hook = Callable[[User], None]
hooks: list[Hook] = []


def on_account_closing(hook: Hook) -> Hook:
    """Registers a function that gets each account that is being closed, in the same transaction.

    It refuses with ``accounts.errors.ClosingRefused``.
    """
    hooks.append(hook)
    return hook


def call_hooks(user: User) -> None:
    for hook in hooks:
        hook(user)


def begin(user: User, *, now: datetime) -> datetime:
    """Deactivates the locked account, and returns when it is deleted."""
    # In whole seconds, as in the link that reopens it.
    closes_at = (now + switches.account_closing_grace).replace(microsecond=0)
    # save() would tell the owner of an administrator's change.
    User.objects.filter(pk=user.pk).update(is_active=False, closes_at=closes_at)
    user.is_active, user.closes_at = False, closes_at
    return closes_at


def reopen(user: User) -> bool:
    """Returns False if the account is not closing as it was read, or is deleted."""
    closing = User.objects.filter(
        pk=user.pk, password=user.password, email=user.email, is_active=False
    )
    unchanged = closing.filter(closes_at=user.closes_at, closes_at__isnull=False)
    return bool(unchanged.update(is_active=True, closes_at=None))


def delete_due(*, now: datetime) -> int:
    """Returns how many accounts were deleted."""
    due = User.objects.filter(closes_at__lte=now, is_active=False)
    return sum(_delete(due, user_id) for user_id in due.values_list("pk", flat=True))


def _delete(due: QuerySet[User], user_id: uuid.UUID) -> bool:
    if deletion.delete(due, user_id) is None:
        return False
    security_log.record("account_deleted", account=user_id, reason="closed")
    return True
