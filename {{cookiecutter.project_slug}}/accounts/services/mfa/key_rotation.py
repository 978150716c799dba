"""Encrypts what is stored with the first of ``MFA_ENCRYPTION_KEYS``, so that the others can go."""

import uuid

from allauth.mfa.models import Authenticator
from django.db import transaction

from accounts.models import PendingSecret
from accounts.services.mfa import encryption


def reencrypt_all() -> int:
    """Encrypts all that is stored with the first of the keys; says how many rows there were."""
    ids = Authenticator.objects.values_list("pk", flat=True)
    pending_ids = PendingSecret.objects.values_list("pk", flat=True)
    return sum(map(_reencrypt_authenticator, ids)) + sum(map(_reencrypt_pending, pending_ids))


@transaction.atomic
def _reencrypt_authenticator(pk: int) -> bool:
    """One transaction each, so that nobody who signs in waits for all of them."""
    row = Authenticator.objects.select_for_update().filter(pk=pk).first()
    if row is None:
        return False
    row.data |= {
        name: encryption.reencrypt(row.data[name]) for name in {"secret", "seed"} & set(row.data)
    }
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
