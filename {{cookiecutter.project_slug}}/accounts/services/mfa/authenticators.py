"""Authenticators: an account's second factors and recovery codes.

allauth stores authenticator apps and recovery codes. A feature can register further second factors.
"""

import uuid
from collections.abc import Iterable
from typing import Any, Protocol

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from qrcode.image.svg import SvgPathFillImage
from qrcode.main import make as make_qr_code

from accounts.models import PendingSecret, User
from accounts.services.mfa import encryption

# Lock order, against deadlocks: the account, then its authenticators, its sessions and challenges.

Type = Authenticator.Type
Held = dict[str, Authenticator]
"""An account's authenticators by type."""


class Listed(Protocol):
    """An authenticator without its secrets."""

    id: Any
    type: str
    created_at: Any
    last_used_at: Any


class FurtherFactor(Protocol):
    """A module that stores second factors of another type."""

    TYPE: str
    LABEL: Any

    def list_for(self, user: User) -> Iterable[Listed]: ...

    def remove_all(self, user: User) -> None: ...


further_factors: list[FurtherFactor] = []
"""A feature adds its own in ``AppConfig.ready``."""


class Adapter(DefaultMFAAdapter):
    def encrypt(self, text: str) -> str:
        return encryption.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return encryption.decrypt(encrypted_text)

    def build_totp_svg(self, url: str) -> str:
        # With a white background: scanners cannot read black on a dark page.
        image = make_qr_code(url, image_factory=SvgPathFillImage)
        return str(image.to_string(encoding="unicode"))


def lock_before_deletion(instance: User, **_: Any) -> None:
    """Receives ``pre_delete``, because Django deletes related rows in another order."""
    User.objects.lock(instance.pk)
    lock(instance.pk)


def remove_all(user: User) -> None:
    lock(user.pk)
    Authenticator.objects.filter(user=user).delete()
    PendingSecret.objects.filter(user=user).delete()
    for factor in further_factors:
        factor.remove_all(user)
    set_second_factor(user, has_second_factor=False)


def survives_reset(user: User) -> bool:
    """Whether a password reset by e-mail keeps the second factor."""
    # An attacker can sign up with an address that is not verified, and enrol. Staff keep theirs: an
    # open page of Django admin must not be enough to remove it.
    return user.verified_before_second_factor or user.role != User.Role.USER


def types() -> list[str]:
    return [Type.TOTP, Type.RECOVERY_CODES, *(factor.TYPE for factor in further_factors)]


def label_of(factor_type: str) -> str:
    labels: dict[str, Any] = {factor.TYPE: factor.LABEL for factor in further_factors}
    return str(labels.get(factor_type, _("Authenticator app")))


def list_for(user: User) -> list[Listed]:
    # The authenticator app first.
    listed: list[Any] = [*Authenticator.objects.filter(user=user).order_by("-type")]
    for factor in further_factors:
        listed += factor.list_for(user)
    return listed


def has_app(user: User) -> bool:
    """Whether the account has an authenticator app."""
    apps = Authenticator.objects.filter(user=user, type=Type.TOTP)
    return user.has_second_factor and apps.exists()


def lock(user_id: uuid.UUID) -> Held:
    """Locks the authenticators, so that codes are verified one at a time."""
    rows = Authenticator.objects.select_for_update().filter(user_id=user_id).order_by("pk")
    return {row.type: row for row in rows}


def end_admin_sign_ins(user: User) -> None:
    """Ends the account's sessions of Django admin (``User.get_session_auth_hash``).

    A revocation does not end one that is just being opened. This does.
    """
    User.objects.filter(pk=user.pk).update(second_factor_changed_at=timezone.now())


def set_second_factor(user: User, *, has_second_factor: bool) -> None:
    user.has_second_factor, user.second_factor_changed_at = has_second_factor, timezone.now()
    user.verified_before_second_factor = has_second_factor and user.email_verified
    columns = {name: getattr(user, name) for name in User.SECOND_FACTOR}
    # User.save() does not write these columns.
    User.objects.filter(pk=user.pk).update(**columns)
