"""Signed links: tokens for links and cookies, each for one purpose. None is stored.

A change of password or address invalidates them. (A sign-in would also invalidate those of Django's
``PasswordResetTokenGenerator``, which has one lifetime for all purposes.)
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum, auto
from typing import Any

from django.core.signing import BadSignature, Signer
from django.utils.http import urlsafe_base64_encode

from accounts.models import User
from core import digests

COOKIE_LIFETIME = timedelta(minutes=15)


class Purpose(StrEnum):
    SIGN_UP = auto()
    EMAIL_CHANGE = auto()
    INVITATION = auto()
    INVITATION_COOKIE = auto()
    PASSWORD_RESET = auto()
    PASSWORD_RESET_COOKIE = auto()
    REOPENING = auto()


class LinkNotValid(Exception):  # noqa: N818  every flow has its own response to it
    """Forged, expired, for another purpose, or issued before a change of password or address."""


@dataclass(frozen=True, slots=True)
class SignedLink:
    user: User
    fingerprint: str
    expires_at: datetime

    def is_for(self, email: str) -> bool:
        """Whether it was issued for this address and the current password of the account."""
        return digests.matches(self.fingerprint, *_fingerprinted(self.user, email))


def issue(purpose: Purpose, *, user: User, expires_at: datetime, email: str | None = None) -> str:
    payload = {
        "user": user.pk.hex,
        "fingerprint": digests.make(*_fingerprinted(user, user.email if email is None else email)),
        "expires": int(expires_at.timestamp()),
    }
    return f"{purpose}.{_signer(purpose).sign_object(payload)}"


def exchange(link: SignedLink, purpose: Purpose, *, now: datetime) -> tuple[str, datetime]:
    """A token for the cookie that replaces an opened link, and when it expires."""
    expires_at = min(now + COOKIE_LIFETIME, link.expires_at)
    return issue(purpose, user=link.user, expires_at=expires_at), expires_at


def read(purpose: Purpose, token: str, *, now: datetime) -> SignedLink:
    """Raises ``LinkNotValid``, also if the account is inactive (``REOPENING``: not closing)."""
    claims = _claims(purpose, token)
    expires_at = datetime.fromtimestamp(claims["expires"], UTC)
    accounts = User.objects.select_related("email_change")
    # After a second closing, the link of the first one does not reopen the account.
    closes_at = expires_at if purpose is Purpose.REOPENING else None
    is_active = closes_at is None
    user = accounts.filter(pk=claims["user"], is_active=is_active, closes_at=closes_at).first()
    if expires_at <= now or user is None:
        raise LinkNotValid
    link = SignedLink(user, claims["fingerprint"], expires_at)
    # After the change, the new address is that of the account: a link can be opened twice.
    if not link.is_for(user.email) and not (
        purpose is Purpose.EMAIL_CHANGE and link.is_for(user.pending_email)
    ):
        raise LinkNotValid
    return link


def uid_of(user: User) -> str:
    """The account's id as links show it, beside the token."""
    return urlsafe_base64_encode(user.pk.bytes)


def read_with_uid(purpose: Purpose, *, uid: str, token: str, now: datetime) -> SignedLink:
    """Raises ``LinkNotValid``, also where ``uid`` is not the account's."""
    link = read(purpose, token, now=now)
    if uid != uid_of(link.user):
        raise LinkNotValid
    return link


def shape(purpose: Purpose) -> str:
    """The format of the tokens, as a regular expression."""
    return rf"{purpose}\.[\w-]+:[\w-]+"


def account_named(purpose: Purpose, token: str) -> str:
    """The user id in a signed token, valid or not; "" if the signature is not valid."""
    try:
        return str(_claims(purpose, token)["user"])
    except LinkNotValid:
        return ""


def _claims(purpose: Purpose, token: str) -> dict[str, Any]:
    prefix, _, signed = token.partition(".")
    if prefix != purpose:
        raise LinkNotValid
    try:
        claims: dict[str, Any] = _signer(purpose).unsign_object(signed)
    except (BadSignature, UnicodeError):
        raise LinkNotValid from None
    return claims


def _signer(purpose: Purpose) -> Signer:
    return Signer(salt=f"accounts.capabilities.{purpose}")


def _fingerprinted(user: User, email: str) -> tuple[str, str, str]:
    return "accounts.capabilities.fingerprint", user.password, email
