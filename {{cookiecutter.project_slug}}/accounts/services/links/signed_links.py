"""Signed links: tokens of links and cookies that let their holder do one thing. None is stored.

A signed link names an account and carries a fingerprint of the account's password and address. So
setting a password, inviting again and moving to another address invalidate the outstanding ones. A
link also has an expiry of its own. (Django's ``PasswordResetTokenGenerator`` invalidates its tokens
with any sign-in, and knows one lifetime for all purposes.)
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
    """What a link permits; each is signed with a salt of its own."""

    SIGN_UP = auto()
    EMAIL_CHANGE = auto()
    INVITATION = auto()
    INVITATION_COOKIE = auto()
    PASSWORD_RESET = auto()
    PASSWORD_RESET_COOKIE = auto()


class LinkNotValid(Exception):  # noqa: N818  a refusal that every flow words itself
    """Forged, expired, made for another purpose, or overtaken by a new password or address."""


@dataclass(frozen=True, slots=True)
class SignedLink:
    user: User
    fingerprint: str
    expires_at: datetime

    def is_for(self, email: str) -> bool:
        """Whether it was made for this address and the password that the account has now."""
        return digests.matches(self.fingerprint, *_fingerprinted(self.user, email))


def issue(
    purpose: Purpose,
    *,
    user: User,
    expires_at: datetime,
    email: str | None = None,
) -> str:
    """
    Args:
        email: the address it is made for, if not the account's own.
    """
    payload = {
        "user": user.pk.hex,
        "fingerprint": _fingerprint(user, user.email if email is None else email),
        "expires": int(expires_at.timestamp()),
    }
    return f"{purpose}.{_signer(purpose).sign_object(payload)}"


def exchange(link: SignedLink, purpose: Purpose, *, now: datetime) -> tuple[str, datetime]:
    """A cookie for the link that was opened, and when it ends: never after the link."""
    expires_at = min(now + COOKIE_LIFETIME, link.expires_at)
    return issue(purpose, user=link.user, expires_at=expires_at), expires_at


def read(purpose: Purpose, token: str, *, now: datetime) -> SignedLink:
    """
    Raises:
        LinkNotValid: see there; also where the account is inactive.
    """
    claims = _claims(purpose, token)
    expires_at = datetime.fromtimestamp(claims["expires"], UTC)
    accounts = User.objects.select_related("email_change")
    user = accounts.filter(pk=claims["user"], is_active=True).first()
    if expires_at <= now or user is None:
        raise LinkNotValid
    link = SignedLink(user, claims["fingerprint"], expires_at)
    if not any(link.is_for(email) for email in _addresses(purpose, user)):
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
    """What ``issue`` returns for this purpose, as a regular expression."""
    return rf"{purpose}\.[\w-]+:[\w-]+"


def account_named(purpose: Purpose, token: str) -> str:
    """The id of the account that a link of ours names, in force or not; "" for any other."""
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


def _addresses(purpose: Purpose, user: User) -> list[str]:
    """A link to a new address still counts once the account has moved there: it is opened twice."""
    return [user.email, user.pending_email] if purpose is Purpose.EMAIL_CHANGE else [user.email]


def _signer(purpose: Purpose) -> Signer:
    return Signer(salt=f"accounts.capabilities.{purpose}")


def _fingerprint(user: User, email: str) -> str:
    return digests.make(*_fingerprinted(user, email))


def _fingerprinted(user: User, email: str) -> tuple[str, str, str]:
    return "accounts.capabilities.fingerprint", user.password, email
