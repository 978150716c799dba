"""Addresses: whose mailbox is whose. The only module that touches ``allauth.account``.

An account has one address, and only its mailbox can change that. The columns of ``User`` say all of
it in one row; allauth's ``EmailAddress`` follows them, so that what allauth has to offer besides
(signing in with another service, say) finds what it expects.
"""

from datetime import datetime
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.models import EmailChange, Session, User

MIRRORED = {"email", "email_verified"}


class Adapter(DefaultAccountAdapter):
    """Keeps allauth from sending: a request that waits for a mail server can lose the letter."""

    def send_confirmation_mail(
        self, request: HttpRequest, emailconfirmation: Any, signup: bool
    ) -> None:
        self.send_mail("account/email/email_confirmation", "", {})

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        raise ImproperlyConfigured(
            f"allauth is about to send {template_prefix!r} directly. E-mails go through the "
            "outbox: write this one in accounts/emails.py and post it."
        )


def mark_verified(user: User) -> bool:
    """The person has shown that the mailbox is theirs; an invitation is accepted by that.

    Returns:
        False where the account has another password or address by now, and it was not they; or
        where allauth has the address as somebody else's.
    """
    return _write(user, _unchanged(user), email_verified=True, invited_at=None, purge_after=None)


@transaction.atomic
def request_change(*, session: Session, email: str, expires_at: datetime) -> bool:
    """Notes the address that the session asks for; a later one replaces it.

    Returns:
        False where the session has ended, or the account has another password or address by now.
    """
    if not _is_locked_unchanged(session.user):
        return False
    user, asked = session.user, {"session": session, "email": email, "expires_at": expires_at}
    try:
        with transaction.atomic():
            EmailChange.objects.update_or_create(user=user, defaults=asked)
    except IntegrityError:
        return False
    user.pending_email = email
    return True


def complete_change(*, user: User, email: str, now: datetime) -> EmailChange | None:
    """Makes the pending address the account's own, and a verified one: its mailbox was shown.

    Returns:
        what was asked for; None where nothing of a live session asks for it any more, or the
        address belongs to another account.
    """
    with transaction.atomic():
        if not _is_locked_unchanged(user):
            return None
        live = EmailChange.objects.filter(
            user=user, email=email, expires_at__gt=now, session__expires_at__gt=now
        )
        # Locked, so that a session which ends meanwhile either waits or takes its change with it.
        change = live.select_for_update(of=("self",)).first()
        if change is None or not _write(user, _unchanged(user), email=email, email_verified=True):
            return None
        cancel_change(user)
    return change


def cancel_change(user: User) -> bool:
    """Forgets the pending address; False where there is none."""
    withdrawn, _ = EmailChange.objects.filter(user_id=user.pk).delete()
    return bool(withdrawn)


def remove_pending(user: User) -> None:
    """Forgets the pending address, and any that allauth has besides the account's."""
    cancel_change(user)
    drop_secondary(user)


def drop_secondary(user: User) -> None:
    """Forgets the addresses that allauth has besides the account's."""
    EmailAddress.objects.filter(user=user, primary=False).delete()


def sync_allauth(
    instance: User, created: bool, raw: bool, update_fields: frozenset[str] | None
) -> EmailAddress | None:
    """Brings allauth's row up to date after a save: Django admin or a command may set an address.

    Returns:
        what the row was before; None where there was none, or the save wrote no address.
    """
    if raw:
        # A fixture brings allauth's rows itself.
        return None
    if created:
        EmailAddress.objects.create(**_row(instance), primary=True)
        return None
    if update_fields is not None and not MIRRORED & update_fields:
        return None
    before = EmailAddress.objects.filter(user=instance, primary=True).first()
    if before and before.email != instance.email:
        remove_pending(instance)
    _mirror(instance)
    return before


def _unchanged(user: User) -> QuerySet[User]:
    """The account, while it is what it was when ``user`` was read."""
    return User.objects.filter(pk=user.pk, email=user.email, password=user.password, is_active=True)


def _is_locked_unchanged(user: User) -> bool:
    """The account comes before its sessions in the order of locks (``mfa.authenticators``)."""
    return _unchanged(user).select_for_update(no_key=True).values_list("pk").first() is not None


def _write(user: User, rows: QuerySet[User], **columns: Any) -> bool:
    """Writes the account and allauth's row, or neither.

    Args:
        rows: the account, while it is what it has to be.

    Returns:
        False where it is not, or where the address is somebody else's.
    """
    try:
        with transaction.atomic():
            if not rows.update(**columns):
                return False
            for name, value in columns.items():
                setattr(user, name, value)
            _mirror(user)
    except IntegrityError:
        return False
    return True


def _mirror(user: User) -> None:
    row = _row(user)
    if not EmailAddress.objects.filter(user=user, primary=True).update(**row):
        EmailAddress.objects.create(**row, primary=True)


def _row(user: User) -> dict[str, Any]:
    return {"user": user, "email": user.email, "verified": user.email_verified}
