"""Encryption of TOTP secrets at rest, with ``MFA_ENCRYPTION_KEYS``."""

from base64 import urlsafe_b64encode
from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class KeyMissingError(ImproperlyConfigured):
    """None of the keys fits."""


def encrypt(text: str) -> str:
    """Encrypts with the first key."""
    return _cipher(tuple(settings.MFA_ENCRYPTION_KEYS)).encrypt(text.encode()).decode()


def decrypt(encrypted: str) -> str:
    """Raises ``KeyMissingError``."""
    try:
        return _cipher(tuple(settings.MFA_ENCRYPTION_KEYS)).decrypt(encrypted.encode()).decode()
    except InvalidToken:
        raise KeyMissingError(
            "MFA_ENCRYPTION_KEYS lacks the key that a second factor was encrypted with."
        ) from None


def reencrypt(encrypted: str) -> str:
    return encrypt(decrypt(encrypted))


@cache
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(urlsafe_b64encode(_derive(key))) for key in keys])


def _derive(key: str) -> bytes:
    # RFC 5869: Fernet needs keys of 32 bytes, the setting takes any long random values.
    hkdf = HKDF(SHA256(), length=32, salt=None, info=b"accounts.second_factor")
    return hkdf.derive(key.encode())
