"""The tokens that are signed, and those that are refused."""

import base64
import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from accounts.errors import TokenNotValid
from accounts.services.sessions import signing_keys, tokens
from accounts.services.sessions.tokens import Grant

NOW = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def at_now() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def grant() -> Grant:
    return Grant(
        user_id=uuid.uuid4(),
        session_id=uuid.uuid4(),
        refresh_jti=uuid.uuid4(),
        issued_at=NOW,
        expires_at=NOW + timedelta(days=14),
        role="STAFF",
        email_verified=True,
        methods=["pwd", "otp", "mfa"],
    )


def pem(key: Any) -> str:
    text: str = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    return text


KEYS = {
    "HS256": "a-key-of-sufficient-length-for-the-hash",
    "ES256": pem(ec.generate_private_key(ec.SECP256R1())),
    "RS256": pem(rsa.generate_private_key(65_537, 2_048)),
}


def unsigned(claims: dict[str, Any]) -> str:
    parts = ({"alg": "none", "typ": "JWT", "kid": signing_keys.current_backend().key_id}, claims)
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts]
    return b".".join([*encoded, b""]).decode()


@pytest.mark.parametrize("algorithm", KEYS)
def test_signed_token_is_read(algorithm: str, grant: Grant, settings: Any) -> None:
    settings.JWT_ALGORITHM, settings.JWT_SIGNING_KEY = algorithm, KEYS[algorithm]

    issued = tokens.sign(grant, now=NOW)

    access, refresh = tokens.read_access(issued.access), tokens.read_refresh(issued.refresh)
    assert (access.user_id, access.session_id) == (grant.user_id, grant.session_id)
    assert (access.role, access.email_verified) == ("STAFF", True)
    assert (refresh.session_id, refresh.id) == (grant.session_id, grant.refresh_jti)
    assert jwt.get_unverified_header(issued.access)["alg"] == algorithm


@pytest.mark.parametrize("algorithm", ["HS256", "RS256"])
def test_same_grant_gives_the_same_refresh_token(
    algorithm: str, grant: Grant, settings: Any
) -> None:
    settings.JWT_ALGORITHM, settings.JWT_SIGNING_KEY = algorithm, KEYS[algorithm]

    first = tokens.sign(grant, now=NOW)
    second = tokens.sign(grant, now=NOW + timedelta(seconds=9))

    assert first.refresh == second.refresh
    assert first.access != second.access


def test_header_names_the_key_and_not_its_content(grant: Grant, settings: Any) -> None:
    issued = tokens.sign(grant, now=NOW)
    settings.JWT_SIGNING_KEY = KEYS["HS256"]
    of_another_key = tokens.sign(grant, now=NOW)

    access, refresh, other = [
        jwt.get_unverified_header(token)
        for token in (issued.access, issued.refresh, of_another_key.access)
    ]
    assert access == refresh == {"alg": "HS256", "typ": "JWT", "kid": access["kid"]}
    assert access["kid"] != other["kid"]


def test_token_of_another_key_is_refused(grant: Grant, settings: Any) -> None:
    issued = tokens.sign(grant, now=NOW)
    settings.JWT_SIGNING_KEY = KEYS["HS256"]

    with pytest.raises(TokenNotValid):
        tokens.read_access(issued.access)


def test_one_type_of_token_is_not_taken_for_the_other(grant: Grant) -> None:
    issued = tokens.sign(grant, now=NOW)

    with pytest.raises(TokenNotValid):
        tokens.read_access(issued.refresh)
    with pytest.raises(TokenNotValid):
        tokens.read_refresh(issued.access)


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def test_unsigned_token_is_refused(grant: Grant) -> None:
    with pytest.raises(TokenNotValid):
        tokens.read_access(unsigned(claims_of(tokens.sign(grant, now=NOW).access)))


def test_other_algorithm_with_our_key_is_refused(grant: Grant, settings: Any) -> None:
    claims = claims_of(tokens.sign(grant, now=NOW).access)
    named = {"kid": signing_keys.current_backend().key_id}

    with pytest.raises(TokenNotValid):
        tokens.read_access(jwt.encode(claims, settings.JWT_SIGNING_KEY, "HS384", named))


@pytest.mark.parametrize(
    "change",
    [
        {"sub": None},
        {"sub": "7"},
        {"sub": 7},
        {"sid": ["x"]},
        {"sid": {}},
        {"jti": ""},
        {"token_type": "other"},
        {"exp": None},
        {"exp": "soon"},
        {"nbf": 9_999_999_999},
        {"aud": "another service"},
    ],
)
def test_token_with_a_claim_that_is_not_valid_is_refused(
    change: dict[str, Any], grant: Grant
) -> None:
    claims = claims_of(tokens.sign(grant, now=NOW).access)
    kept = {name: value for name, value in (claims | change).items() if value is not None}

    with pytest.raises(TokenNotValid):
        tokens.read_access(signing_keys.current_backend().encode(kept))


@pytest.mark.parametrize("token", ["", "..", "a.b.c", "\ud800", "x" * 100_000])
def test_text_that_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(TokenNotValid):
        tokens.read_access(token)


@pytest.mark.parametrize("known", [True, False])
def test_access_token_expires(known: bool, grant: Grant) -> None:
    token, expiry = tokens.sign(grant, now=NOW).access, NOW + timedelta(seconds=300)
    if known:
        tokens.read_access(token)

    with (
        time_machine.travel(expiry + signing_keys.CLOCK_SKEW, tick=False),
        pytest.raises(TokenNotValid),
    ):
        tokens.read_access(token)
    with time_machine.travel(expiry + signing_keys.CLOCK_SKEW - timedelta(seconds=1), tick=False):
        tokens.read_access(token)


def test_server_with_a_clock_that_is_behind_accepts_the_token(grant: Grant) -> None:
    issued = tokens.sign(grant, now=NOW)

    with time_machine.travel(NOW - timedelta(seconds=3), tick=False):
        assert tokens.read_refresh(issued.refresh).id == grant.refresh_jti


def test_access_token_does_not_outlive_its_session(grant: Grant) -> None:
    issued = tokens.sign(grant, now=grant.expires_at - timedelta(seconds=60))

    assert claims_of(issued.access)["exp"] == int(grant.expires_at.timestamp())
