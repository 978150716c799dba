"""JWTs as attackers make them, and as a key of ours signed them with something wrong in them."""

import base64
import hmac
import json
from typing import Any

import jwt
import pytest
from django.test import Client

from accounts.services.sessions import signing_keys
from tests.inputs.facts import hold

Claims = dict[str, Any]
MISSING = "(missing)"
every_carrier = pytest.mark.parametrize("kind", ["access", "cookie", "body"], indirect=True)
NOT_NAMES: list[Any] = [None, 7, 1.5, True, [], {}, ["a"]]


def signed(claims: Claims, settings: Any, **options: Any) -> str:
    """With the key of the project, unless told otherwise."""
    named = {"kid": signing_keys.current_backend().key_id}
    options = {"key": settings.JWT_SIGNING_KEY, "algorithm": "HS256", "headers": named} | options
    present = {name: value for name, value in claims.items() if value is not MISSING}
    return jwt.encode(present, **options)


def encode(part: Any) -> str:
    written = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(written).rstrip(b"=").decode()


def by_hand(header: Any, claims: Any, key: bytes, digest: str = "sha256") -> str:
    """Without what a library refuses to write; it names our key, unless the header says another."""
    content = f"{encode({'kid': signing_keys.current_backend().key_id} | header)}.{encode(claims)}"
    return f"{content}.{encode(hmac.digest(key, content.encode(), digest))}"


def present(token: str, kind: str, settings: Any) -> Any:
    """As an access token where the row is read, or as a refresh token in one carrier."""
    if kind == "access":
        return Client().get("/api/auth/user/", headers={"Authorization": f"Bearer {token}"})
    settings.JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE = kind == "cookie"
    sent = (token, "") if kind == "cookie" else ("", token)
    return Client(headers={"Cookie": f"refresh_token={sent[0]}"}).post(
        "/api/auth/refresh/", {"refresh": sent[1]}, "application/json"
    )


def refused(token: str, kind: str, settings: Any) -> None:
    response = present(token, kind, settings)
    hold(response)
    assert response.status_code == 401, (token, response.status_code)
    assert response.json()["code"] == "token_not_valid", token
    assert not response.cookies, token
