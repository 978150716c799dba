"""An access token is verified once, and the cache of verified tokens accepts no other."""

from datetime import timedelta

import pytest
import time_machine

from accounts.errors import TokenNotValid
from accounts.services.sessions import signing_keys, tokens
from accounts.services.sessions.tokens import Grant
from tests.services.test_tokens import NOW, at_now, grant

__all__ = ["at_now", "grant"]


def test_access_token_is_verified_once(grant: Grant, monkeypatch: pytest.MonkeyPatch) -> None:
    token = tokens.sign(grant, now=NOW).access
    claims = tokens.read_access(token)

    monkeypatch.setattr(signing_keys, "current_backend", lambda: pytest.fail("verified again"))
    assert tokens.read_access(token) == claims


def test_claims_of_a_cached_token_cannot_be_changed(grant: Grant) -> None:
    token = tokens.read_access(tokens.sign(grant, now=NOW).access)

    with pytest.raises(TypeError):
        token["role"] = "ADMIN"


def test_other_signature_of_a_verified_token_is_refused(grant: Grant) -> None:
    token = tokens.sign(grant, now=NOW).access
    tokens.read_access(token)

    content, _, signature = token.rpartition(".")
    with pytest.raises(TokenNotValid):
        tokens.read_access(f"{content}.{signature[::-1]}")


def test_refusal_of_a_token_is_not_remembered(grant: Grant) -> None:
    token = tokens.sign(grant, now=NOW).access

    with time_machine.travel(NOW - timedelta(seconds=10), tick=False), pytest.raises(TokenNotValid):
        tokens.read_access(token)
    tokens.read_access(token)
