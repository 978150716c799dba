"""Capabilities: signed links and cookies that let their holder do one thing. None is stored.

A capability names an account and carries a fingerprint of the account's password and address, so
that setting a password, inviting anew and moving to another address kill all that are out. It ends
at a time of its own as well. (Django's ``PasswordResetTokenGenerator`` dies with any sign-in, and
knows one lifetime for all purposes.)
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum, auto
from typing import Any

from django.core.signing import BadSignature, Signer
from django.db.models import Max

from accounts.models import User
from core import digests

_BINDING = "accounts.capabilities.binding"
COOKIE_LIFETIME = timedelta(minutes=15)


class Purpose(StrEnum):
    """What a capability is good for; each is signed with a salt of its own."""

    SIGN_UP = auto()
    EMAIL_CHANGE = auto()
    INVITATION = auto()
    INVITATION_COOKIE = auto()
    PASSWORD_RESET = auto()
    PASSWORD_RESET_COOKIE = auto()


class CapabilityNotValid(Exception):  # noqa: N818  a refusal that every flow words itself
    """Forged, expired, made for another purpose, or overtaken by a new password or address."""


@dataclass(frozen=True, slots=True)
class Capability:
    user: User
    fingerprint: str
    expires_at: datetime

    def is_for(self, email: str) -> bool:
        """Whether it was made for this address and the password that the account has now."""
        return digests.fits(self.fingerprint, *_fingerprinted(self.user, email))


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


def exchange(capability: Capability, purpose: Purpose, *, now: datetime) -> tuple[str, datetime]:
    """A cookie for the link that was opened, and when it ends: never after the link."""
    expires_at = min(now + COOKIE_LIFETIME, capability.expires_at)
    return issue(purpose, user=capability.user, expires_at=expires_at), expires_at


def read(purpose: Purpose, token: str, *, now: datetime) -> Capability:
    """
    Raises:
        CapabilityNotValid: see there; also where the account is inactive.
    """
    claims = _claims(purpose, token)
    expires_at = datetime.fromtimestamp(claims["expires"], UTC)
    accounts = User.objects.select_related("email_change")
    user = accounts.filter(pk=claims["user"], is_active=True).first()
    if expires_at <= now or user is None:
        raise CapabilityNotValid
    capability = Capability(user, claims["fingerprint"], expires_at)
    if not any(capability.is_for(email) for email in _addresses(purpose, user)):
        raise CapabilityNotValid
    return capability


def shape(purpose: Purpose) -> str:
    """What ``issue`` returns for this purpose, as a regular expression."""
    return rf"{purpose}\.[\w-]+:[\w-]+"


def account_named(purpose: Purpose, token: str) -> str:
    """The id of the account that a capability of ours names, in force or not; "" for any other."""
    try:
        return str(_claims(purpose, token)["user"])
    except CapabilityNotValid:
        return ""


def binding(*, email: str, password_hash: str) -> str:
    """A digest of the state in which a letter was asked for; it opens nothing.

    Kept with the letter, for the worker to compare before it makes a link.
    """
    return digests.make(_BINDING, password_hash, email)


def binding_of(email: str) -> str:
    """The ``binding`` of whatever account has this address, or of there being none.

    One query that brings one row either way, so that its time does not tell which it was.
    """
    found = User.objects.filter(email=email).aggregate(password=Max("password"))
    return binding(email=email, password_hash=found["password"] or "")


def is_bound(bound_to: str, *, email: str, password_hash: str) -> bool:
    """Whether an account with this address and password is still in that state."""
    return digests.fits(bound_to, _BINDING, password_hash, email)


def _claims(purpose: Purpose, token: str) -> dict[str, Any]:
    prefix, _, signed = token.partition(".")
    if prefix != purpose:
        raise CapabilityNotValid
    try:
        claims: dict[str, Any] = _signer(purpose).unsign_object(signed)
    except (BadSignature, UnicodeError):
        raise CapabilityNotValid from None
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
