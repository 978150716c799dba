"""The past of an account: what a new password ends, and signing out everywhere.

Links and cookies need no ending: their fingerprint is of the password that was.
"""

import uuid
from typing import Any

from accounts import addresses, challenges, letters, sessions
from accounts.models import User
from core import security_log
from mail import outbox


def end(user: User) -> None:
    """Ends every session of the account, with what the sessions began, and all challenges."""
    sessions.revoke_all(user_id=user.pk)
    challenges.end_all(user_id=user.pk)
    addresses.drop_secondary(user)


def end_what_is_under_way(user: User) -> None:
    """Ends sign-ins that wait for a second factor, and forgets the address that was asked for."""
    challenges.end_all(user_id=user.pk)
    addresses.drop_pending(user)


def end_others(user: User, *, kept: uuid.UUID | None) -> None:
    """Ends every session of the account but this one, and sign-ins that are under way."""
    sessions.revoke_others(user_id=user.pk, kept=kept)
    challenges.end_all(user_id=user.pk)


def end_after_credential_change(
    instance: User, created: bool, update_fields: frozenset[str] | None, **_: Any
) -> None:
    """Receives ``post_save``: a saved change of credentials ends the past too."""
    if not created and instance.changed_credentials(update_fields):
        security_log.record("credentials_changed", account=instance.pk)
        if instance.replaced_password(update_fields):
            outbox.post(letters.password_changed, to=instance.email)
        end(instance)
    instance.remember_credentials(update_fields)


def follow_address(
    instance: User, created: bool, raw: bool, update_fields: frozenset[str] | None, **_: Any
) -> None:
    """Receives ``post_save``: tells the mailbox that the account had of what became of it.

    The flows write with ``update`` and tell it themselves. This is for Django admin, a command and
    a shell.
    """
    before = addresses.follow(instance, created, raw, update_fields)
    if before is None:
        return
    if before.email != User._meta.get_field("email").get_prep_value(instance.email):
        security_log.record("address_changed", account=instance.pk, way="outside")
        outbox.post(letters.address_changed, to=before.email)
    elif before.verified and not instance.email_verified:
        security_log.record("verification_withdrawn", account=instance.pk)
        outbox.post(letters.verification_withdrawn, to=before.email)
