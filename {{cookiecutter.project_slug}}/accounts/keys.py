"""The keys of tokens, told apart by the id in a token's header (``kid``, RFC 7515, section 4.1.4).

One key signs, ``JWT_SIGNING_KEY``. Others may still verify, ``JWT_VERIFYING_KEYS``: so a key is
replaced without signing anybody out (``docs/keys.md``).
"""

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from functools import cache, cached_property, lru_cache, partial
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
from jwt.algorithms import HMACAlgorithm, get_default_algorithms
from jwt.exceptions import InvalidKeyError, PyJWTError
from jwt.utils import base64url_decode, base64url_encode, force_bytes
from rest_framework_simplejwt.backends import TokenBackend

CLOCK_SKEW = timedelta(seconds=5)
"""How far the clocks of two of our servers may be apart."""

HS256_MIN_BYTES = 32
RSA_MIN_BITS = 2048
"""RFC 7518, sections 3.2 and 3.3."""

PublicKey = EllipticCurvePublicKey | RSAPublicKey

InUse = tuple[str, str, tuple[str, ...]]
"""The algorithm, the key that signs with it, and what else verifies: whoever remembers a token
remembers it for these."""

_ENCODER = json.JSONEncoder(separators=(",", ":"))


class KnownSecret(HMACAlgorithm):
    """PyJWT asks for each token whether the secret is too short, or a key of another kind.

    ``problem_of`` has asked it when the project started.
    """

    def prepare_key(self, key: str | bytes) -> bytes:
        return force_bytes(key)

    def check_key_length(self, key: bytes) -> None:
        pass


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
    def prepared_signing_key(self) -> Any:
        if self.algorithm != "HS256":
            return super().prepared_signing_key
        secret = base64.urlsafe_b64encode(str(self.signing_key).encode()).decode().rstrip("=")
        key = jwt.PyJWK({"kty": "oct", "k": secret}, self.algorithm)
        key.Algorithm = KnownSecret(HMACAlgorithm.SHA256)
        return key

    @cached_property
    def _sign(self) -> Callable[[bytes], bytes]:
        key = self.prepared_signing_key
        if isinstance(key, jwt.PyJWK):
            return partial(key.Algorithm.sign, key=key.key)
        return partial(get_default_algorithms()[self.algorithm].sign, key=key)

    @cached_property
    def _header(self) -> bytes:
        """The first part of each token, the same for all."""
        header = {"alg": self.algorithm, "kid": self.key_id, "typ": "JWT"}
        return base64url_encode(_ENCODER.encode(header).encode())

    @cached_property
    def prepared_verifying_key(self) -> Any:
        return _public_key(str(self.signing_key))

    def encode(self, payload: dict[str, Any]) -> str:
        """As RFC 7515, section 7.1, says: PyJWT would make the header anew, which costs as much."""
        claims = base64url_encode(_ENCODER.encode(payload).encode())
        content = b".".join([self._header, claims])
        return b".".join([content, base64url_encode(self._sign(content))]).decode()


def in_use() -> InUse:
    return settings.JWT_ALGORITHM, settings.JWT_SIGNING_KEY, tuple(settings.JWT_VERIFYING_KEYS)


def signing() -> KeyedTokenBackend:
    return _backend_for(settings.JWT_ALGORITHM, settings.JWT_SIGNING_KEY)


def verifying(token: str) -> KeyedTokenBackend:
    """
    Raises:
        KeyError: the token names no key of ours.
        ValueError, TypeError, RecursionError: it has no header that can be read.
    """
    return _ring(*in_use())[_key_id_in(token.partition(".")[0])]


@lru_cache(maxsize=16)
def _key_id_in(header: str) -> str:
    """Cached, for all tokens of a key have the same header; what else it says, decoding checks."""
    return str(json.loads(base64url_decode(header))["kid"])


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
    """The signing key last: it keeps its algorithm, whatever else is listed."""
    backends = [_backend_for(algorithm_of(key), key) for key in others]
    return {one.key_id: one for one in [*backends, _backend_for(algorithm, signing_key)]}


@cache
def _backend_for(algorithm: str, key: str) -> KeyedTokenBackend:
    """Cached, for reading a PEM key costs milliseconds."""
    return KeyedTokenBackend(algorithm, key, leeway=CLOCK_SKEW)
