"""Revocation: the one mechanism that ends what was opened under an account's old credentials.

A new password, role or state of an account ends its sessions, its sign-ins to Django admin, its
challenges, its trusted devices and its pending change of address. Links need no statement: their
fingerprint depends on the password hash.
"""

import uuid
from typing import Any

from django.db import transaction

from accounts import emails
from accounts.models import User
from accounts.services import email_addresses
from accounts.services.mfa import authenticators, challenges, trusted_devices
from accounts.services.sessions import store
from accounts.signals import access_revoked, account_taken_over
from core import admin_sessions
from core.logging import security_log
from mail import outbox


@transaction.atomic(savepoint=False)
def revoke_all(user: User) -> int:
    """Ends every session of the account, what the sessions began, challenges and trusted devices.

    Sign-ins to Django admin end, too, and features end what is theirs (``access_revoked``). All in
    one transaction, so that the account stays locked: a sign-in on a trusted device waits.

    Returns:
        how many sessions ended.
    """
    ended = store.revoke_all(user_id=user.pk)
    admin_sessions.end_of(user.pk)
    _revoke_challenges(user)
    email_addresses.drop_secondary(user)
    access_revoked.send(User, user=user)
    return ended


def clear_unverified_account(user: User, *, reason: str) -> None:
    """Removes what a stranger may have set up in an account that was not verified.

    Saves the account. Its password, second factor, sessions, links and permissions end.
    """
    user.set_unusable_password()
    if user.has_second_factor:
        authenticators.remove_all(user)
        security_log.record("second_factor_off", account=user.pk, reason=reason)
    user.save()
    user.groups.clear()
    user.user_permissions.clear()
    account_taken_over.send(User, user=user)


def revoke_pending(user: User) -> None:
    """Ends every challenge and trusted device of the account, and its pending change of address."""
    _revoke_challenges(user)
    email_addresses.remove_pending(user)


def revoke_others(user: User, *, kept: uuid.UUID | None) -> None:
    """Ends every session of the account except ``kept``, and all challenges and trusted devices.

    Sign-ins to Django admin end, too.
    """
    store.revoke_others(user_id=user.pk, kept=kept)
    admin_sessions.end_of(user.pk)
    _revoke_challenges(user)


def _revoke_challenges(user: User) -> None:
    # In this order: a challenge that is being answered may just trust a device.
    challenges.revoke_all(user_id=user.pk)
    trusted_devices.revoke_all(user_id=user.pk)


def revoke_after_credential_change(instance: User, created: bool, **_: Any) -> None:
    """Receives ``post_save``: Django admin, a command or a shell changed the credentials."""
    if not created and instance.changed_credentials():
        security_log.record("credentials_changed", account=instance.pk)
        if instance.replaced_password():
            outbox.post(emails.password_changed, to=instance.email)
        revoke_all(instance)


def report_address_change(
    instance: User, created: bool, raw: bool, update_fields: frozenset[str] | None, **_: Any
) -> None:
    """Receives ``post_save``, which the flows do not send: they use ``update``."""
    before = email_addresses.sync_allauth(instance, created, raw, update_fields)
    if before is None:
        return
    if before.email != User._meta.get_field("email").get_prep_value(instance.email):
        security_log.record("address_changed", account=instance.pk, way="outside")
        # Another account may get the former address, and be deleted before this is sent.
        about = {"user": str(instance.pk)}
        outbox.post(emails.address_changed, to=before.email, parameters=about)
    elif before.verified and not instance.email_verified:
        security_log.record("verification_withdrawn", account=instance.pk)
        outbox.post(emails.verification_withdrawn, to=before.email)
