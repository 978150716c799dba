"""Keys: a signing key is replaced without signing anybody out."""

import uuid
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.core.management.base import SystemCheckError
from django.utils import timezone

from accounts.errors import TokenNotValid
from accounts.services.sessions import signing_keys, tokens
from accounts.services.sessions.tokens import Grant
from core.checks import refuse_bad_settings
from tests.services.test_tokens import KEYS, pem

NEW_KEYS = {
    "HS256": "a-new-key-of-sufficient-length-for-the-hash",
    "ES256": pem(ec.generate_private_key(ec.SECP256R1())),
    "RS256": pem(rsa.generate_private_key(65_537, 2_048)),
}


def public(private: str) -> str:
    key = serialization.load_pem_private_key(private.encode(), None).public_key()
    text: str = key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()
    return text


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


def access_token() -> str:
    now = timezone.now()
    ids = (uuid.uuid4(), uuid.uuid4(), uuid.uuid4())
    return tokens.sign(
        Grant(*ids, now, now + timedelta(days=1), role="USER", email_verified=True), now=now
    ).access


@pytest.mark.parametrize("new", NEW_KEYS)
@pytest.mark.parametrize("old", KEYS)
def test_tokens_of_the_old_key_are_read_while_it_verifies(
    old: str, new: str, settings: Any
) -> None:
    settings.JWT_ALGORITHM, settings.JWT_SIGNING_KEY = old, KEYS[old]
    signed_before = access_token()

    settings.JWT_ALGORITHM, settings.JWT_SIGNING_KEY = new, NEW_KEYS[new]
    settings.JWT_VERIFYING_KEYS = [KEYS[old]]
    signed_after = access_token()
    tokens.read_access(signed_before)
    tokens.read_access(signed_after)

    settings.JWT_VERIFYING_KEYS = []
    tokens.read_access(signed_after)
    with pytest.raises(TokenNotValid):
        tokens.read_access(signed_before)


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_public_key_is_enough_to_verify(algorithm: str, settings: Any) -> None:
    settings.JWT_ALGORITHM, settings.JWT_SIGNING_KEY = algorithm, KEYS[algorithm]
    signed_before = access_token()

    settings.JWT_SIGNING_KEY = NEW_KEYS[algorithm]
    settings.JWT_VERIFYING_KEYS = [public(KEYS[algorithm])]

    tokens.read_access(signed_before)


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_public_key_is_never_a_secret(algorithm: str, settings: Any) -> None:
    settings.JWT_ALGORITHM, settings.JWT_SIGNING_KEY = algorithm, KEYS[algorithm]
    token = access_token()
    header, claims = jwt.get_unverified_header(token), token.split(".")[1]
    unsigned = jwt.utils.base64url_encode(
        f'{{"alg":"HS256","typ":"JWT","kid":"{header["kid"]}"}}'.encode()
    ).decode()
    signing_input = f"{unsigned}.{claims}".encode()
    mac = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    signature = mac.sign(signing_input, public(KEYS[algorithm]).encode())

    with pytest.raises(TokenNotValid):
        tokens.read_access(
            f"{signing_input.decode()}.{jwt.utils.base64url_encode(signature).decode()}"
        )


@pytest.mark.parametrize("key_id", ["", "../../dev/null", "0" * 16, "' OR 1=1 --"])
def test_unknown_key_id_is_refused(key_id: str, settings: Any) -> None:
    claims = jwt.decode(access_token(), options={"verify_signature": False})
    forged = jwt.encode(claims, settings.JWT_SIGNING_KEY, headers={"kid": key_id})

    with pytest.raises(TokenNotValid):
        tokens.read_access(forged)


def test_token_without_a_key_id_is_refused(settings: Any) -> None:
    claims = jwt.decode(access_token(), options={"verify_signature": False})

    with pytest.raises(TokenNotValid):
        tokens.read_access(jwt.encode(claims, settings.JWT_SIGNING_KEY))


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
