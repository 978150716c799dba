"""Unused accounts: sign-ups that were never verified, invitations that were never accepted.

Verification and the first sign-in clear ``User.purge_after``. ``accounts.flows.expiry`` sends an
e-mail before a sign-up is deleted.
"""

import uuid
from datetime import datetime

from django.db.models import Q, QuerySet

from accounts.conf import switches
from accounts.models import User
from accounts.services import deletion
from core.logging import security_log

# An administrator may have set the role of one who signed up.
SIGN_UP = Q(invited_at=None, role=User.Role.USER)


def query_due(which: Q, *, now: datetime) -> QuerySet[User]:
    return User.objects.filter(which, purge_after__lte=now, email_verified=False, is_active=True)


def purge(*, now: datetime) -> int:
    """Returns how many accounts were deleted."""
    is_warned = Q(purge_warned_at__isnull=False) if switches.unverified_account_warning else Q()
    unused = query_due(User.INVITED | (SIGN_UP & is_warned), now=now)
    return sum(_purge(unused, user_id) for user_id in unused.values_list("pk", flat=True))


def _purge(unused: QuerySet[User], user_id: uuid.UUID) -> bool:
    user = deletion.delete(unused, user_id)
    if user is None:
        return False
    if user.invited_at:
        security_log.record("invitation_expired", account=user_id)
    else:
        security_log.record("sign_up_expired", account=user_id)
    return True
