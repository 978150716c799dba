"""The past of an account: what a new password ends, and signing out everywhere.

Links and cookies need no ending: their fingerprint is of the password that was.
"""

from typing import Any

from accounts import addresses, sessions
from accounts.models import User


def end(user: User) -> None:
    """Ends every session of the account and forgets the address that was asked for."""
    sessions.revoke_all(user_id=user.pk)
    addresses.drop_pending(user)


def end_after_credential_change(
    instance: User, created: bool, update_fields: frozenset[str] | None, **_: Any
) -> None:
    """Receives ``post_save``: a saved change of credentials ends the past too."""
    if not created and instance.changed_credentials(update_fields):
        end(instance)
    instance.remember_credentials(update_fields)
