"""Bindings: what ties an e-mail that waits in the outbox to the state of its account.

A binding is a keyed digest of password and address. It opens nothing.
"""

from django.db.models import Max

from accounts.models import User
from core import digests

_BINDING = "accounts.capabilities.binding"


def bind(*, email: str, password_hash: str) -> str:
    """A digest of the state in which an e-mail was asked for; it opens nothing.

    Kept with the e-mail, for the worker to compare before it makes a link.
    """
    return digests.make(_BINDING, password_hash, email)


def bind_to_address(email: str) -> str:
    """The ``bind`` of the account with this address, or of there being none.

    One query that brings one row either way, so that its time does not tell which it was.
    """
    found = User.objects.filter(email=email).aggregate(password=Max("password"))
    return bind(email=email, password_hash=found["password"] or "")


def is_bound(bound_to: str, *, email: str, password_hash: str) -> bool:
    """Whether an account with this address and password is still in that state."""
    return digests.matches(bound_to, _BINDING, password_hash, email)
