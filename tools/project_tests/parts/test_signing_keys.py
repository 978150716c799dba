"""Keys that are too weak or of another kind stop the start."""

from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.core.management.base import SystemCheckError

from accounts.errors import TokenNotValid
from accounts.services.sessions import signing_keys, tokens
from core.checks import refuse_bad_settings
from tests.services.test_signing_keys import NEW_KEYS, public
from tests.services.test_tokens import KEYS, pem

BODY_OF_A_PUBLIC_KEY = "".join(public(KEYS["ES256"]).splitlines()[1:-1])
TOO_WEAK = {
    "example": "change-me-change-me-change-me-change-me",
    "public key that lost its lines": BODY_OF_A_PUBLIC_KEY,
    "public key for SSH": f"ssh-ed25519 {BODY_OF_A_PUBLIC_KEY}",
    "ECDSA key for SSH": f"ecdsa-sha2-nistp256 {BODY_OF_A_PUBLIC_KEY}",
    "public key for SSH in a file of its own": (
        f"---- BEGIN SSH2 PUBLIC KEY ----\n{BODY_OF_A_PUBLIC_KEY}\n---- END SSH2 PUBLIC KEY ----"
    ),
    "JWK": ' {"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA"}',
    "short secret": "only-thirty-one-bytes-long-here",
    "other curve": pem(ec.generate_private_key(ec.SECP384R1())),
    "short RSA key": pem(rsa.generate_private_key(65_537, 1_024)),  # noqa: S505  it is to be refused
    "nonsense": "-----BEGIN NONSENSE-----",
}


def test_header_that_nests_too_deep_is_refused() -> None:
    header = jwt.utils.base64url_encode(b"[" * 100_000).decode()

    with pytest.raises(TokenNotValid):
        tokens.read_access(f"{header}.e30.e30")


def test_key_is_named_by_its_public_half() -> None:
    private = signing_keys.KeyedTokenBackend("ES256", KEYS["ES256"])
    published = signing_keys.KeyedTokenBackend("ES256", public(KEYS["ES256"]))

    assert private.key_id == published.key_id


@pytest.mark.parametrize("key", TOO_WEAK.values(), ids=TOO_WEAK)
def test_weak_key_stops_the_start(key: str, settings: Any) -> None:
    settings.JWT_VERIFYING_KEYS = [key]

    with pytest.raises(SystemCheckError, match="JWT_VERIFYING_KEYS"):
        refuse_bad_settings()


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [
        ("HS256", KEYS["ES256"]),
        ("ES256", KEYS["RS256"]),
        ("RS256", KEYS["ES256"]),
        ("ES256", public(KEYS["ES256"])),
        *[("RS256", key) for key in TOO_WEAK.values()],
        *[("HS256", key) for key in TOO_WEAK.values()],
    ],
)
def test_signing_key_of_another_kind_stops_the_start(
    algorithm: str, key: str, settings: Any
) -> None:
    settings.JWT_ALGORITHM, settings.JWT_SIGNING_KEY = algorithm, key

    with pytest.raises(SystemCheckError, match="JWT_SIGNING_KEY"):
        refuse_bad_settings()


@pytest.mark.parametrize("algorithm", KEYS)
def test_good_keys_start(algorithm: str, settings: Any) -> None:
    settings.JWT_ALGORITHM, settings.JWT_SIGNING_KEY = algorithm, KEYS[algorithm]
    settings.JWT_VERIFYING_KEYS = [*NEW_KEYS.values(), public(NEW_KEYS["ES256"])]

    refuse_bad_settings()
