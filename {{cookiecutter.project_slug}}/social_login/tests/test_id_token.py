"""ID tokens that must not sign anybody in."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest

from accounts.models import User
from social_login.demo.provider import CLIENT_SECRET, Claims, DemoProvider, Key
from social_login.tests.steps import error_of, sign_in, start
from tests.client import Browser

Sign = Callable[[DemoProvider, Claims], str]


def changed(**claims: Any) -> Sign:
    """A token that is right but for these claims. None leaves one out."""

    def sign(provider: DemoProvider, found: Claims) -> str:
        kept = {name: value for name, value in (found | claims).items() if value is not None}
        return jwt.encode(kept, provider.key.private, "RS256", headers={"kid": provider.key.kid})

    return sign


def unsigned(provider: DemoProvider, claims: Claims) -> str:
    return jwt.encode(claims, "", "none", headers={"kid": provider.key.kid})


def signed_with_the_secret(provider: DemoProvider, claims: Claims) -> str:
    return jwt.encode(claims, CLIENT_SECRET * 2, "HS256", headers={"kid": provider.key.kid})


def signed_with_the_public_key(provider: DemoProvider, claims: Claims) -> str:
    """The confusion of algorithms: the public key as the secret of an HMAC."""
    key = json.dumps(provider.key.public())
    return jwt.encode(claims, key, "HS256", headers={"kid": provider.key.kid})


def signed_by_another(provider: DemoProvider, claims: Claims) -> str:
    return jwt.encode(claims, Key().private, "RS256", headers={"kid": provider.key.kid})


def with_an_unknown_key(provider: DemoProvider, claims: Claims) -> str:
    return jwt.encode(claims, Key().private, "RS256", headers={"kid": "unknown"})


def tampered(provider: DemoProvider, claims: Claims) -> str:
    head, _, signature = changed()(provider, claims).split(".")
    body = json.dumps(claims | {"sub": "somebody else"}).encode()
    return f"{head}.{base64.urlsafe_b64encode(body).decode().rstrip('=')}.{signature}"


def empty(provider: DemoProvider, claims: Claims) -> str:
    return ""


BAD: dict[str, Sign] = {
    "alg none": unsigned,
    "HMAC with the client's secret": signed_with_the_secret,
    "HMAC with the public key": signed_with_the_public_key,
    "signature of another key": signed_by_another,
    "unknown key": with_an_unknown_key,
    "tampered claims": tampered,
    "no token": empty,
    "another issuer": changed(iss="https://evil.example"),
    "no issuer": changed(iss=None),
    "another audience": changed(aud="another client"),
    "no audience": changed(aud=None),
    "another authorized party": changed(aud=["demo", "other"], azp="other"),
    "another nonce": changed(nonce="another"),
    "no nonce": changed(nonce=None),
    "expired": changed(exp=int(time.time()) - 60),
    "no expiry": changed(exp=None),
    "of the future": changed(iat=9_999_999_999),
    "no subject": changed(sub=None),
    "empty subject": changed(sub=""),
    "long subject": changed(sub="x" * 256),
}


@pytest.mark.parametrize("name", BAD)
def test_it_signs_nobody_in(
    guest: Browser, demo: DemoProvider, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(demo, "sign", lambda claims: BAD[name](demo, claims))

    assert error_of(guest) == "provider_error"
    assert not User.objects.exists()


def test_a_right_token_of_the_same_kind_signs_in(
    guest: Browser, demo: DemoProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = changed(aud=["demo", "other"], azp="demo", email_verified="true")
    monkeypatch.setattr(demo, "sign", lambda claims: right(demo, claims))

    assert sign_in(guest).status_code == 200


def test_a_new_key_of_the_provider_is_read(guest: Browser, demo: DemoProvider) -> None:
    sign_in(guest)
    demo.key = Key()

    assert sign_in(Browser()).status_code == 200


def test_a_key_that_the_provider_withdrew_is_forgotten(
    guest: Browser, demo: DemoProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(guest)
    stolen, demo.key = demo.key, Key()
    sign_in(Browser())

    def sign(claims: Claims) -> str:
        return jwt.encode(claims, stolen.private, "RS256", headers={"kid": stolen.kid})

    monkeypatch.setattr(demo, "sign", sign)

    assert error_of(Browser()) == "provider_error"


def test_a_discovery_document_of_another_issuer_is_refused(
    guest: Browser, demo: DemoProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = demo.discovery() | {"issuer": "https://evil.example"}
    monkeypatch.setattr(demo, "discovery", lambda: other)

    response = start(guest)

    assert (response.status_code, response.json()["code"]) == (503, "provider_error")
