"""Key rotation: encrypts stored secrets with the first of ``MFA_ENCRYPTION_KEYS``."""

import uuid

from allauth.mfa.models import Authenticator
from django.db import transaction

from accounts.models import PendingSecret
from accounts.services.mfa import encryption


def reencrypt_all() -> int:
    """Returns how many rows were encrypted."""
    ids = Authenticator.objects.values_list("pk", flat=True)
    pending_ids = PendingSecret.objects.values_list("pk", flat=True)
    return sum(map(_reencrypt_authenticator, ids)) + sum(map(_reencrypt_pending, pending_ids))


# One transaction for each row: a sign-in waits for one row at most.
@transaction.atomic
def _reencrypt_authenticator(pk: int) -> bool:
    row = Authenticator.objects.select_for_update().filter(pk=pk).first()
    # ``seed``: see ``recovery_codes``.
    names = {"secret", "seed"} & set(row.data) if row else set()
    if row is None or not names:
        return False
    for name in names:
        row.data[name] = encryption.reencrypt(row.data[name])
    row.save(update_fields=["data"])
    return True


@transaction.atomic
def _reencrypt_pending(pk: uuid.UUID) -> bool:
    pending = PendingSecret.objects.select_for_update().filter(pk=pk).first()
    if pending is None:
        return False
    pending.secret = encryption.reencrypt(pending.secret)
    pending.save(update_fields=["secret"])
    return True
