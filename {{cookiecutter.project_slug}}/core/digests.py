"""Keyed digests (HMAC with ``SECRET_KEY``): they compare and count what must not be stored itself.

``matches`` accepts a digest made with a key of ``SECRET_KEY_FALLBACKS`` too.
"""

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

LENGTH = 32
"""Hexadecimal digits: 128 bits, which nobody guesses, and which no two states share by chance."""


def make(purpose: str, *state: str) -> str:
    """
    Args:
        purpose: keeps digests of the same state apart.
    """
    return _digest(settings.SECRET_KEY, purpose, state)


def matches(digest: str, purpose: str, *state: str) -> bool:
    """Whether it was made for this purpose and state."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return any(constant_time_compare(digest, _digest(key, purpose, state)) for key in keys)


def _digest(key: str, purpose: str, state: tuple[str, ...]) -> str:
    made = salted_hmac(purpose, "\n".join(state), secret=key, algorithm="sha256")
    return made.hexdigest()[:LENGTH]
