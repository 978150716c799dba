"""The second factor. The only module that touches ``allauth.mfa``."""

import uuid

from allauth.mfa.models import Authenticator


def remove_all(*, user_id: uuid.UUID) -> None:
    """Deletes the authenticators of somebody who had not shown that the mailbox is theirs."""
    Authenticator.objects.filter(user_id=user_id).delete()
