"""Expiry: a sign-up that nobody verifies is deleted, after an e-mail.

1. A periodic task finds the sign-ups that are deleted soon (``UNVERIFIED_ACCOUNT_WARNING``).
2. Each gets one e-mail, with a link that verifies the address until then. After an outage, the
   deletion waits, so that the owner has the same time.
3. The link or a password reset verifies the address, which keeps the account.
4. ``accounts.services.unused_accounts`` deletes the others.
"""

import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from accounts import emails
from accounts.conf import switches
from accounts.models import User
from accounts.services import unused_accounts
from accounts.services.links import bindings
from mail import outbox


def warn(*, now: datetime) -> int:
    """Returns how many sign-ups got the e-mail."""
    warning = switches.unverified_account_warning
    if warning is None:
        return 0
    soon = unused_accounts.query_due(unused_accounts.SIGN_UP, now=now + warning)
    due = soon.filter(purge_warned_at=None)
    return sum(_warn(due, user_id, warning, now) for user_id in due.values_list("pk", flat=True))


@transaction.atomic
def _warn(due: QuerySet[User], user_id: uuid.UUID, warning: timedelta, now: datetime) -> bool:
    # The user may be verifying the address right now.
    unlocked = due.select_for_update(skip_locked=True, no_key=True)
    user = unlocked.filter(pk=user_id).first()
    if user is None or user.purge_after is None:
        return False
    until = max(user.purge_after, now + warning)
    User.objects.filter(pk=user.pk).update(purge_warned_at=now, purge_after=until)
    outbox.post(
        emails.sign_up_expiring,
        to=user.email,
        bound_to=bindings.bind(email=user.email, password_hash=user.password),
        not_after=until,
    )
    return True
