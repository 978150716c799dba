"""Accounts that nobody has used: sign-ups that were never verified, invitations never accepted.

``User.purge_after`` is set when such an account is made, and cleared by its verification and by its
first sign-in. An account without it is never purged.
"""

import logging
import uuid
from datetime import datetime

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from accounts.models import User
from core.logging import security_log

# An administrator may have given an invited person a password, or a role to somebody who signed up.
UNUSED = Q(password__startswith=UNUSABLE_PASSWORD_PREFIX) | Q(invited_at=None, role=User.Role.USER)

logger = logging.getLogger(__name__)


def purge(*, now: datetime) -> int:
    """Deletes the accounts whose time is over; says how many there were."""
    unused = User.objects.filter(UNUSED, purge_after__lte=now, email_verified=False, is_active=True)
    return sum(_purge(unused, user_id) for user_id in unused.values_list("pk", flat=True))


def _purge(unused: QuerySet[User], user_id: uuid.UUID) -> int:
    try:
        with transaction.atomic():
            # Locked, since somebody may just be accepting or verifying.
            user = (
                unused.select_for_update(skip_locked=True, no_key=True).filter(pk=user_id).first()
            )
            if user is None:
                return 0
            user.delete()
    except IntegrityError:
        logger.warning("unused account kept, rows refer to it: user=%s", user_id)
        return 0
    if user.invited_at:
        security_log.record("invitation_expired", account=user_id)
    else:
        security_log.record("sign_up_expired", account=user_id)
    return 1
