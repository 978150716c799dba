"""Bindings: an e-mail in the outbox is bound to the state of its account when it was requested."""

from django.db.models import Max

from accounts.models import User
from core import digests

_BINDING = "accounts.capabilities.binding"


def bind(*, email: str, password_hash: str) -> str:
    """A keyed digest, which the worker compares before it issues a link. It opens nothing."""
    return digests.make(_BINDING, password_hash, email)


def bind_to_address(email: str) -> str:
    """The binding of the account with this address, or of no account, in equal time."""
    # An aggregate returns one row in both cases.
    found = User.objects.filter(email=email).aggregate(password=Max("password"))
    return bind(email=email, password_hash=found["password"] or "")


def is_bound(bound_to: str, *, email: str, password_hash: str) -> bool:
    return digests.matches(bound_to, _BINDING, password_hash, email)
