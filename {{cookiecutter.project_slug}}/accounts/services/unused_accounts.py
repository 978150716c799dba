"""Unused accounts: sign-ups that were never verified, invitations that were never accepted.

Verification and the first sign-in clear ``User.purge_after``.
"""

import uuid
from datetime import datetime

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Q, QuerySet

from accounts.models import User
from accounts.services import deletion
from core.logging import security_log

# An administrator may have set a password for an invited user, or the role of one who signed up.
UNUSED = Q(password__startswith=UNUSABLE_PASSWORD_PREFIX) | Q(invited_at=None, role=User.Role.USER)


def purge(*, now: datetime) -> int:
    """Returns how many accounts were deleted."""
    unused = User.objects.filter(UNUSED, purge_after__lte=now, email_verified=False, is_active=True)
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
