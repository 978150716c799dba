"""The second factor. The only module that touches ``allauth.mfa``."""

import uuid

from allauth.mfa.models import Authenticator


def remove_all(*, user_id: uuid.UUID) -> None:
    """Deletes every authenticator of the account."""
    Authenticator.objects.filter(user_id=user_id).delete()
