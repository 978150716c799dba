"""Decides what a user who comes from a provider may do. Nothing here reads or writes.

docs/social-login.md has these rules as a table, and a test compares the two.
"""

from dataclasses import dataclass
from enum import StrEnum, auto

from rest_framework.exceptions import APIException

from social_login.errors import AccessDenied, AddressNotVerified, EmailTaken, NotInvited


class Outcome(StrEnum):
    SIGN_IN = auto()
    CREATE = auto()
    LINK = auto()
    REFUSE = auto()


class Standing(StrEnum):
    """How an account stands to its owner."""

    ABSENT = auto()
    PROVEN = auto()
    """The owner has shown the mailbox."""
    UNPROVEN = auto()
    """A stranger may have signed up with the address."""
    PRIVILEGED = auto()
    """Unproven, but staff."""
    INVITED = auto()
    """An admin's invitation is pending."""
    EXPIRED = auto()
    """The invitation has expired."""
    OCCUPIED = auto()
    """Proven, and connected with another account of the same provider."""
    SERVICE = auto()
    """Proven, but nobody signs in to it: an account for programs."""
    CLOSED = auto()
    """Inactive."""


@dataclass(frozen=True, slots=True)
class Decision:
    outcome: Outcome
    error: type[APIException] | None = None


def decide(
    *, linked: Standing, holder: Standing, email_verified: bool, sign_up_is_open: bool
) -> Decision:
    """
    Args:
        linked: the account that is connected with this user of the provider.
        holder: the account that has the address.
        email_verified: the provider verifies addresses, and has verified this one.
    """
    if linked is Standing.CLOSED:
        return _refuse(AccessDenied)
    if linked is Standing.PROVEN:
        return Decision(Outcome.SIGN_IN)
    # Also for an account whose verification was withdrawn. The response is the same for every
    # address: else it would reveal which of them have an account.
    if linked is not Standing.ABSENT or not email_verified:
        return _refuse(AddressNotVerified)
    return _by_address(holder, sign_up_is_open)


def _by_address(holder: Standing, sign_up_is_open: bool) -> Decision:
    if holder in {Standing.PROVEN, Standing.INVITED}:
        return Decision(Outcome.LINK)
    if holder is Standing.CLOSED:
        return _refuse(AccessDenied)
    if holder in {Standing.OCCUPIED, Standing.PRIVILEGED, Standing.SERVICE}:
        return _refuse(EmailTaken)
    if holder is Standing.EXPIRED or not sign_up_is_open:
        return _refuse(NotInvited)
    return Decision(Outcome.CREATE)


def _refuse(error: type[APIException]) -> Decision:
    return Decision(Outcome.REFUSE, error)
