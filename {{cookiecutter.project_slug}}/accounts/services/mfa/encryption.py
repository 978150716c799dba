"""Secrets at rest: what is stored of a second factor is encrypted with keys of its own.

``MFA_ENCRYPTION_KEYS`` holds any long random values; HKDF (RFC 5869) makes Fernet's keys of them.
"""

from base64 import urlsafe_b64encode
from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


def encrypt(text: str) -> str:
    """With the first of the keys."""
    return _cipher(tuple(settings.MFA_ENCRYPTION_KEYS)).encrypt(text.encode()).decode()


def decrypt(encrypted: str) -> str:
    """With whichever of the keys it was encrypted with.

    Raises:
        ImproperlyConfigured: that key is not there any more.
    """
    try:
        return _cipher(tuple(settings.MFA_ENCRYPTION_KEYS)).decrypt(encrypted.encode()).decode()
    except InvalidToken:
        raise ImproperlyConfigured(
            "MFA_ENCRYPTION_KEYS lacks the key that a second factor was encrypted with."
        ) from None


def reencrypt(encrypted: str) -> str:
    """The same text, encrypted with the first of the keys.

    Raises:
        ImproperlyConfigured: see ``decrypt``.
    """
    return encrypt(decrypt(encrypted))


@cache
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(urlsafe_b64encode(_derive(key))) for key in keys])


def _derive(key: str) -> bytes:
    hkdf = HKDF(SHA256(), length=32, salt=None, info=b"accounts.second_factor")
    return hkdf.derive(key.encode())
