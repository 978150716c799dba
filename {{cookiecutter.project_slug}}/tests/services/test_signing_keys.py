"""A signing key is replaced without signing users out."""

import uuid
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.utils import timezone

from accounts.errors import TokenNotValid
from accounts.services.sessions import tokens
from accounts.services.sessions.tokens import Grant
from tests.services.test_tokens import KEYS, pem

NEW_KEYS = {
    "HS256": "a-new-key-of-sufficient-length-for-the-hash",
    "ES256": pem(ec.generate_private_key(ec.SECP256R1())),
    "RS256": pem(rsa.generate_private_key(65_537, 2_048)),
}

ATTACKERS_KEY = "a-key-of-an-attacker-which-is-long-enough"


def public(private: str) -> str:
    key = serialization.load_pem_private_key(private.encode(), None).public_key()
    text: str = key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()
    return text


def access_token() -> str:
    now = timezone.now()
    ids = (uuid.uuid4(), uuid.uuid4(), uuid.uuid4())
    return tokens.sign(
        Grant(
            *ids, now, now + timedelta(days=1), role="USER", email_verified=True, methods=["pwd"]
        ),
        now=now,
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


@pytest.mark.parametrize(
    "header",
    [
        *({"kid": kid} for kid in ("", "../../dev/null", "0" * 16, "' OR 1=1 --")),
        {"jku": "https://evil.example.test/keys.json"},
        {"x5u": "https://evil.example.test/chain.pem"},
        {"jwk": {"kty": "oct", "k": "YS1rZXktb2YtYW4tYXR0YWNrZXItd2hpY2gtaXMtbG9uZy1lbm91Z2g"}},
    ],
)
def test_key_that_a_header_names_is_not_looked_up(header: dict[str, Any]) -> None:
    claims = jwt.decode(access_token(), options={"verify_signature": False})

    with pytest.raises(TokenNotValid):
        tokens.read_access(jwt.encode(claims, ATTACKERS_KEY, headers=header))
