"""Tokens that nobody signed, or another, and tokens that are none."""

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from accounts.services.sessions import signing_keys
from project_tests.inputs.jwts import (
    NOT_NAMES,
    Claims,
    by_hand,
    encode,
    every_carrier,
    present,
    refused,
    signed,
)
from tests.inputs.facts import hold

pytestmark = pytest.mark.django_db

ODD_HEADERS: list[dict[str, Any]] = [
    *({"kid": kid} for kid in ("../../etc/passwd", "' OR 1=1", "", "\x00", "é", "a" * 5_000)),
    *({"kid": kid} for kid in NOT_NAMES),
    {"jwk": {"kty": "oct", "k": "a2V5"}},
    {"jku": "http://127.0.0.1:1/keys"},
    {"x5u": "http://127.0.0.1:1/cert"},
    {"x5c": ["MII"]},
    {"typ": "JOSE"},
    {"cty": "JWT"},
    {"zip": "DEF"},
]
SPOILT: list[Callable[[str], str]] = [
    lambda token: token[:-1],
    lambda token: token + ".",
    lambda token: token + "." + token,
    lambda token: "." + token,
    lambda token: token.replace(".", ""),
    lambda token: token.swapcase(),
    lambda token: token.replace(".", ".%00", 1),
    lambda token: token.split(".")[0] + ".",
    lambda token: token.split(".")[0] + "." + "A" * 40_000 + ".AAAA",
    lambda token: encode(b"[" * 15_000) + "." + token.split(".", 1)[1],
    lambda token: encode(b"\xff\xfe") + "." + token.split(".", 1)[1],
    lambda token: encode(b'"text"') + "." + token.split(".", 1)[1],
    lambda token: encode({}) + "." + token.split(".", 1)[1],
    lambda token: encode({"alg": "HS256", "b64": False, "crit": ["b64"]}) + "..AAAA",
]
NO_CLAIMS = [
    *(b"", b"[]", b"null", b'"text"', b"7", b"{", b"\xff", b"[" * 15_000, b"{}", b'{"exp": 1e999}'),
    b'{"exp": ' + b"9" * 5_000 + b"}",
]


@pytest.mark.parametrize("signature", ["", "x", "AAAA"])
def test_unsigned(claims: Claims, kind: str, signature: str, settings: Any) -> None:
    for algorithm in ["none", "None", "NONE", "", "HS1", *NOT_NAMES]:
        header = {"typ": "JWT", "alg": algorithm, "kid": signing_keys.current_backend().key_id}
        refused(f"{encode(header)}.{encode(claims)}.{signature}", kind, settings)


@pytest.mark.parametrize("key", [b"", b"secret", b"\x00" * 64], ids=["empty", "short", "zeros"])
def test_foreign_key(claims: Claims, kind: str, key: bytes, settings: Any) -> None:
    refused(by_hand({"typ": "JWT", "alg": "HS256"}, claims, key), kind, settings)


@pytest.mark.parametrize("bits", ["384", "512"])
def test_other_algorithm_with_our_key(claims: Claims, kind: str, bits: str, settings: Any) -> None:
    key = settings.JWT_SIGNING_KEY.encode()

    refused(by_hand({"typ": "JWT", "alg": f"HS{bits}"}, claims, key, f"sha{bits}"), kind, settings)


def test_key_that_the_token_names_is_not_believed(claims: Claims, kind: str, settings: Any) -> None:
    for header in ODD_HEADERS:
        refused(by_hand({"typ": "JWT", "alg": "HS256"} | header, claims, b"key"), kind, settings)


def test_odd_header_under_our_signature_breaks_nothing(
    claims: Claims, kind: str, settings: Any
) -> None:
    key = settings.JWT_SIGNING_KEY.encode()
    for header in ODD_HEADERS:
        token = by_hand({"typ": "JWT", "alg": "HS256"} | header, claims, key)
        hold(present(token, kind, settings))


@pytest.fixture(scope="module")
def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def test_foreign_rsa_key(claims: Claims, kind: str, private_key: str, settings: Any) -> None:
    refused(signed(claims, settings, key=private_key, algorithm="RS256"), kind, settings)


@pytest.mark.parametrize("ending", ["", "\n"])
def test_public_key_taken_for_a_secret(
    claims: Claims, kind: str, private_key: str, ending: str, settings: Any
) -> None:
    key = serialization.load_pem_private_key(private_key.encode(), None)
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    settings.JWT_ALGORITHM, settings.JWT_SIGNING_KEY = "RS256", private_key
    token = by_hand({"typ": "JWT", "alg": "HS256"}, claims, public.strip() + ending.encode())

    refused(token, kind, settings)


@every_carrier
def test_token_that_is_none(claims: Claims, kind: str, settings: Any) -> None:
    for spoil in SPOILT:
        refused(spoil(signed(claims, settings)), kind, settings)


def test_content_that_is_no_claims(claims: Claims, kind: str, settings: Any) -> None:
    key = settings.JWT_SIGNING_KEY.encode()
    for content in NO_CLAIMS:
        refused(by_hand({"typ": "JWT", "alg": "HS256"}, content, key), kind, settings)


def test_token_in_a_token(claims: Claims, kind: str, settings: Any) -> None:
    key = settings.JWT_SIGNING_KEY.encode()
    inner = signed(claims, settings).encode()
    header = {"typ": "JWT", "alg": "HS256", "cty": "JWT"}

    refused(by_hand(header, inner, key), kind, settings)


def test_extension_that_must_be_understood(claims: Claims, kind: str, settings: Any) -> None:
    key = settings.JWT_SIGNING_KEY.encode()
    header = {"typ": "JWT", "alg": "HS256", "crit": ["bound"], "bound": True}

    refused(by_hand(header, claims, key), kind, settings)
