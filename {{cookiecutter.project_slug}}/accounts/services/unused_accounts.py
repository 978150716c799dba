"""Unused accounts: sign-ups that were never verified, invitations that were never accepted.

Verification and the first sign-in clear ``User.purge_after``.
"""

import logging
import uuid
from datetime import datetime

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from accounts.models import User
from core.logging import security_log

# An administrator may have set a password for an invited user, or the role of one who signed up.
UNUSED = Q(password__startswith=UNUSABLE_PASSWORD_PREFIX) | Q(invited_at=None, role=User.Role.USER)

logger = logging.getLogger(__name__)


def purge(*, now: datetime) -> int:
    """Returns how many accounts were deleted."""
    unused = User.objects.filter(UNUSED, purge_after__lte=now, email_verified=False, is_active=True)
    return sum(_purge(unused, user_id) for user_id in unused.values_list("pk", flat=True))


def _purge(unused: QuerySet[User], user_id: uuid.UUID) -> bool:
    try:
        with transaction.atomic():
            # The user may be accepting the invitation right now.
            unlocked = unused.select_for_update(skip_locked=True, no_key=True)
            user = unlocked.filter(pk=user_id).first()
            if user is None:
                return False
            user.delete()
    except IntegrityError:
        logger.warning("unused account kept, rows refer to it: user=%s", user_id)
        return False
    if user.invited_at:
        security_log.record("invitation_expired", account=user_id)
    else:
        security_log.record("sign_up_expired", account=user_id)
    return True
