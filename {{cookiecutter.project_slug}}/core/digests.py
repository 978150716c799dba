"""Keyed digests (HMAC with ``SECRET_KEY``) of values that must not be stored."""

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

# In hexadecimal digits: 128 bits.
LENGTH = 32


def make(purpose: str, *state: str) -> str:
    """The digest of the state; each purpose has digests of its own."""
    return _digest(settings.SECRET_KEY, purpose, state)


def matches(digest: str, purpose: str, *state: str) -> bool:
    """Whether ``make`` returned the digest, with ``SECRET_KEY`` or one of its fallbacks."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return any(constant_time_compare(digest, _digest(key, purpose, state)) for key in keys)


def _digest(key: str, purpose: str, state: tuple[str, ...]) -> str:
    made = salted_hmac(purpose, "\n".join(state), secret=key, algorithm="sha256")
    return made.hexdigest()[:LENGTH]
