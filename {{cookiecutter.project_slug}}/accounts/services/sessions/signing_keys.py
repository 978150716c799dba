"""Signing keys. ``JWT_VERIFYING_KEYS`` only verify, so that a key is replaced without signing users
out (``docs/keys.md``).
"""

import base64
import hashlib
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from functools import cache, cached_property
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
)
from django.conf import settings
from jwt.algorithms import HMACAlgorithm
from jwt.exceptions import InvalidKeyError
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError
from rest_framework_simplejwt.tokens import Token

CLOCK_SKEW = timedelta(seconds=5)
"""How far the clocks of two servers may differ."""

# RFC 7518, sections 3.2 and 3.3.
HS256_MIN_BYTES = 32
RSA_MIN_BITS = 2048

InUse = tuple[str, str, tuple[str, ...]]
"""The algorithm, the signing key and the other verifying keys."""


class KeyedTokenBackend(TokenBackend):
    """One key with one algorithm: a token does not choose how it is verified.

    The header of a token names the key (``kid``, RFC 7515, section 4.1.4), for other services.
    """

    @cached_property
    def key_id(self) -> str:
        # 64 bits of a hash reveal nothing about a key of at least 256 bits.
        if self.algorithm == "HS256":
            named = f"kid:{self.signing_key}".encode()
        else:
            public = self.prepared_verifying_key
            named = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(named).hexdigest()[:16]

    @cached_property
    def prepared_verifying_key(self) -> Any:
        return _public_key(str(self.signing_key))

    def encode(self, payload: dict[str, Any]) -> str:
        return jwt.encode(
            payload,
            self.prepared_signing_key,
            algorithm=self.algorithm,
            headers={"kid": self.key_id},
        )


class SigningTokenBackend(KeyedTokenBackend):
    """Signs with one key, and verifies with others too."""

    others: Sequence[KeyedTokenBackend] = ()

    def decode(self, token: Token, verify: bool = True) -> dict[str, Any]:
        try:
            return super().decode(token, verify)
        except TokenBackendError:
            # Each key in turn: to read ``kid`` first would parse every token twice.
            for other in self.others:
                with suppress(TokenBackendError):
                    return other.decode(token, verify)
            raise


def in_use() -> InUse:
    return settings.JWT_ALGORITHM, settings.JWT_SIGNING_KEY, tuple(settings.JWT_VERIFYING_KEYS)


def current_backend() -> KeyedTokenBackend:
    return _backend_of(*in_use())


def algorithm_of(key: str) -> str:
    """Raises ``ValueError`` or ``TypeError`` for PEM text without a key for RS256 or ES256."""
    if "-----BEGIN" not in key:
        return "HS256"
    return "RS256" if isinstance(_public_key(key), RSAPublicKey) else "ES256"


def can_sign(key: str) -> bool:
    return algorithm_of(key) == "HS256" or _is_private(key)


def problem_of(key: str, wanted: str = "") -> str:
    """Why the key cannot be used (for the wanted algorithm, if any); "" if it can."""
    try:
        algorithm = algorithm_of(key)
    except (ValueError, TypeError):
        return "must be an RSA key of 2048 bits or more, or one of the curve P-256, as PEM"
    if wanted not in {"", algorithm}:
        return f"must be a key for {wanted}"
    if algorithm == "HS256" and _is_asymmetric(key):
        return "must not be a key in another form than PEM, with BEGIN and END"
    if algorithm == "HS256" and len(key.encode()) < HS256_MIN_BYTES:
        return f"must have at least {HS256_MIN_BYTES} bytes for HS256"
    return ""


def _is_asymmetric(text: str) -> bool:
    """Whether a text that is not PEM is a key all the same: HS256 must not use it as a secret."""
    try:
        HMACAlgorithm(HMACAlgorithm.SHA256).prepare_key(text)
        load_der_public_key(base64.b64decode(text))
    except InvalidKeyError:
        return True
    except (ValueError, UnsupportedAlgorithm):
        return False
    return True


def _is_private(pem: str) -> bool:
    return "PRIVATE KEY" in pem


def _public_key(pem: str) -> EllipticCurvePublicKey | RSAPublicKey:
    data = pem.encode()
    if _is_private(pem):
        key = load_pem_private_key(data, None).public_key()
    else:
        key = load_pem_public_key(data)
    if isinstance(key, RSAPublicKey) and key.key_size >= RSA_MIN_BITS:
        return key
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        return key
    raise ValueError("not a key for ES256 or RS256")


@cache
def _backend_of(algorithm: str, signing_key: str, others: tuple[str, ...]) -> SigningTokenBackend:
    """Cached: parsing a PEM key takes milliseconds."""
    current = SigningTokenBackend(algorithm, signing_key, leeway=CLOCK_SKEW)
    current.others = [
        KeyedTokenBackend(algorithm_of(key), key, leeway=CLOCK_SKEW) for key in others
    ]
    return current
