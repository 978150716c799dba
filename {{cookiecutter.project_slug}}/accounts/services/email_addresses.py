"""E-mail addresses of accounts. The only module that imports ``allauth.account``.

An account has one address, in the columns of ``User``; allauth's ``EmailAddress`` mirrors them.
"""

from datetime import datetime
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, transaction

from accounts.models import EmailChange, Session, User

MIRRORED = {"email", "email_verified"}


class Adapter(DefaultAccountAdapter):
    """Keeps allauth from sending e-mails within the request."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        raise ImproperlyConfigured(
            f"allauth is about to send {template_prefix!r} directly. E-mails go through the "
            "outbox: write this one in accounts/emails.py and post it."
        )


def mark_verified(user: User) -> bool:
    """Returns False if the account has changed since it was read, or the address is taken."""
    return _write(user, email_verified=True, invited_at=None, purge_after=None)


@transaction.atomic
def request_change(*, session: Session, email: str, expires_at: datetime) -> bool:
    """Returns False if the session has ended, or the account has changed since it was read."""
    user = session.user
    if User.objects.lock_unchanged(user) is None:
        return False
    change = {"session": session, "email": email, "expires_at": expires_at}
    try:
        with transaction.atomic():
            EmailChange.objects.update_or_create(user=user, defaults=change)
    except IntegrityError:
        return False
    user.pending_email = email
    return True


@transaction.atomic
def complete_change(*, user: User, email: str, now: datetime) -> EmailChange | None:
    """Returns None if no live session requests the change, or the address is taken."""
    if User.objects.lock_unchanged(user) is None:
        return None
    live = EmailChange.objects.filter(
        user=user, email=email, expires_at__gt=now, session__expires_at__gt=now
    )
    # Locked: a session that ends meanwhile waits, or has already deleted its change.
    change = live.select_for_update(of=("self",)).first()
    if change is None or not _write(user, email=email, email_verified=True):
        return None
    cancel_change(user)
    return change


def cancel_change(user: User) -> bool:
    """Returns False if no change is pending."""
    deleted, _ = EmailChange.objects.filter(user_id=user.pk).delete()
    return bool(deleted)


def remove_pending(user: User) -> None:
    cancel_change(user)
    drop_secondary(user)


def drop_secondary(user: User) -> None:
    """Deletes the addresses that only allauth has for the account."""
    EmailAddress.objects.filter(user=user, primary=False).delete()


def sync_allauth(
    instance: User, created: bool, raw: bool, update_fields: frozenset[str] | None
) -> EmailAddress | None:
    """Updates allauth's row after a save, and returns the row as it was before, if it existed."""
    if raw:
        # A fixture contains allauth's rows.
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


def _write(user: User, **columns: Any) -> bool:
    """Writes the account and allauth's row, or neither and returns False."""
    try:
        with transaction.atomic():
            if not User.objects.unchanged(user).update(**columns):
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
