"""Authenticators: the rows that allauth keeps of an account's second factor.

Code that locks several of an account's rows locks the account first, then its authenticators, then
sessions and challenges. Two requests in another order could wait for each other.
"""

import uuid
from datetime import datetime
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.db.models import QuerySet
from django.utils import timezone
from qrcode.image.svg import SvgPathFillImage
from qrcode.main import make as make_qr_code

from accounts.models import PendingSecret, User
from accounts.services.mfa import encryption

Type = Authenticator.Type
Held = dict[str, Authenticator]
"""An account's authenticators by type."""


class Adapter(DefaultMFAAdapter):
    """How allauth encrypts what it stores, and draws what apps scan."""

    def encrypt(self, text: str) -> str:
        return encryption.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return encryption.decrypt(encrypted_text)

    def build_totp_svg(self, url: str) -> str:
        """With a ground of its own, for a dark page would swallow the pattern."""
        image = make_qr_code(url, image_factory=SvgPathFillImage)
        return str(image.to_string(encoding="unicode"))


def lock_account(user: User) -> User | None:
    """The account as it is now, locked until the transaction ends.

    Args:
        user: as it was when the person showed who they are.

    Returns:
        None where the password changed, or the account was closed, in the meantime.
    """
    same = User.objects.filter(pk=user.pk, password=user.password, is_active=True)
    return same.select_for_update(no_key=True).first()


def lock_before_deletion(instance: User, **_: Any) -> None:
    """Receives ``pre_delete``: what hangs on the account is deleted in an order of its own."""
    User.objects.select_for_update(no_key=True).filter(pk=instance.pk).first()
    lock(instance.pk)


def remove_all(user: User) -> None:
    """Deletes every authenticator of the account, and a secret that is pending."""
    lock(user.pk)
    Authenticator.objects.filter(user=user).delete()
    PendingSecret.objects.filter(user=user).delete()
    set_second_factor(user, has_second_factor=False)


def survive_reset(user: User) -> bool:
    """Whether setting a new password by mail leaves the second factor as it is.

    The address has to have been verified before the second factor was set up. Otherwise a stranger
    may have set it up, who signed up with the address, and the owner of the mailbox removes it.
    Staff keep theirs, or an admin page that was left open could be used to get rid of it.
    """
    return user.verified_before_second_factor or user.role != User.Role.USER


def list_for(user: User) -> QuerySet[Authenticator]:
    return Authenticator.objects.filter(user=user).order_by("pk")


def lock(user_id: uuid.UUID) -> Held:
    """The account's authenticators, locked: its codes are looked at one at a time."""
    rows = Authenticator.objects.select_for_update().filter(user_id=user_id).order_by("pk")
    return {row.type: row for row in rows}


def store(user: User, kind: str, data: dict[str, Any], now: datetime) -> Authenticator:
    row = Authenticator(user=user, type=kind, data=data, created_at=now)
    row.save()
    return row


def set_second_factor(user: User, *, has_second_factor: bool) -> None:
    """An update, for saving leaves these columns alone."""
    user.has_second_factor, user.second_factor_changed_at = has_second_factor, timezone.now()
    user.verified_before_second_factor = has_second_factor and user.email_verified
    columns = {name: getattr(user, name) for name in User.SECOND_FACTOR}
    User.objects.filter(pk=user.pk).update(**columns)
