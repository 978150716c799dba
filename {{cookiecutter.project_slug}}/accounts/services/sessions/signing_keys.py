"""The keys of tokens, told apart by the id in a token's header (``kid``, RFC 7515, section 4.1.4).

One key signs, ``JWT_SIGNING_KEY``. Others may still verify, ``JWT_VERIFYING_KEYS``: so a key is
replaced without signing anybody out (``docs/keys.md``).
"""

import base64
import hashlib
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
from jwt.exceptions import InvalidKeyError, PyJWTError
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenError

CLOCK_SKEW = timedelta(seconds=5)
"""How far the clocks of two of our servers may be apart."""

HS256_MIN_BYTES = 32
RSA_MIN_BITS = 2048
"""RFC 7518, sections 3.2 and 3.3."""

PublicKey = EllipticCurvePublicKey | RSAPublicKey

InUse = tuple[str, str, tuple[str, ...]]
"""The algorithm, the key that signs with it, and the keys that verify besides."""


class KeyedTokenBackend(TokenBackend):
    """One key with its one algorithm: no token says how it is to be verified."""

    @cached_property
    def key_id(self) -> str:
        """Names the key and tells nothing of it: the key has 256 bits or more, this has 64."""
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
        """As Simple JWT does, with the key's id in the header."""
        return jwt.encode(
            payload,
            self.prepared_signing_key,
            algorithm=self.algorithm,
            headers={"kid": self.key_id},
        )


def in_use() -> InUse:
    return settings.JWT_ALGORITHM, settings.JWT_SIGNING_KEY, tuple(settings.JWT_VERIFYING_KEYS)


def signing() -> KeyedTokenBackend:
    return _backend_for(settings.JWT_ALGORITHM, settings.JWT_SIGNING_KEY)


def verifying(token: str) -> KeyedTokenBackend:
    """
    Raises:
        TokenError: the token has no header that can be read, or names no key of ours.
    """
    try:
        return _ring(*in_use())[jwt.get_unverified_header(token)["kid"]]
    except (PyJWTError, KeyError, ValueError, TypeError, RecursionError):
        raise TokenError("Token names no key") from None


def algorithm_of(key: str) -> str:
    """What a key is for: PEM text by its kind, anything else is the secret of HS256.

    Raises:
        ValueError: it is PEM, and no key that we take.
    """
    if "-----BEGIN" not in key:
        return "HS256"
    return "RS256" if isinstance(_public_key(key), RSAPublicKey) else "ES256"


def problem_of(key: str, wanted: str = "") -> str:
    """What is wrong with a key, "" for nothing.

    Args:
        wanted: the algorithm that it has to be for, "" for any.
    """
    try:
        algorithm = algorithm_of(key)
    except (ValueError, TypeError):
        return "must be an RSA key of 2048 bits or more, or one of the curve P-256, as PEM"
    if wanted not in {"", algorithm}:
        return f"must be a key for {wanted}"
    if algorithm == "HS256" and is_key_in_disguise(key):
        return "must not be a key in another form than PEM, with BEGIN and END"
    if algorithm == "HS256" and len(key.encode()) < HS256_MIN_BYTES:
        return f"must have at least {HS256_MIN_BYTES} bytes for HS256"
    return ""


def is_key_in_disguise(text: str) -> bool:
    """A key, and not as PEM or without its BEGIN and END: it would be taken for a secret."""
    try:
        HMACAlgorithm(HMACAlgorithm.SHA256).prepare_key(text)
    except InvalidKeyError:
        return True
    try:
        load_der_public_key(base64.b64decode(text))
    except (ValueError, UnsupportedAlgorithm):
        return False
    return True


def can_sign() -> bool:
    """Whether the signing key is the private one."""
    try:
        return bool(signing().encode({}))
    except (ValueError, TypeError, AttributeError, PyJWTError):
        return False


def _public_key(pem: str) -> PublicKey:
    """
    Args:
        pem: a public key, or a private one.

    Raises:
        ValueError: neither, or too weak.
    """
    data = pem.encode()
    is_private = "PRIVATE KEY" in pem
    key = load_pem_private_key(data, None).public_key() if is_private else load_pem_public_key(data)
    if isinstance(key, RSAPublicKey) and key.key_size >= RSA_MIN_BITS:
        return key
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        return key
    raise ValueError("not a key for ES256 or RS256")


@cache
def _ring(
    algorithm: str, signing_key: str, others: tuple[str, ...]
) -> dict[str, KeyedTokenBackend]:
    """The signing key last: it keeps its algorithm, even if other keys are listed."""
    backends = [_backend_for(algorithm_of(key), key) for key in others]
    return {one.key_id: one for one in [*backends, _backend_for(algorithm, signing_key)]}


@cache
def _backend_for(algorithm: str, key: str) -> KeyedTokenBackend:
    """Cached, for reading a PEM key costs milliseconds."""
    return KeyedTokenBackend(algorithm, key, leeway=CLOCK_SKEW)
