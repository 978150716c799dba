"""The settings, the form of a token, and its description."""

import json
import re
from typing import Any

import pytest
from django.core.management import call_command

from api_tokens.secret import Secret
from api_tokens.tests.steps import token_for, use
from tests.client import Browser
from tests.flows.steps import refusal


def test_secret_scanners_find_a_token_by_an_expression() -> None:
    text = f"url=https://example.test/?a=1 key={Secret.generate().write()}, end"

    assert re.search(r"\bshop_[0-9A-Za-z]{52}[0-9a-f]{8}\b", text)


def test_token_is_read_as_it_was_written() -> None:
    secret = Secret.generate()

    assert Secret.read(secret.write()) == secret
    assert secret.secret not in repr(secret)
    assert Secret.generate() != secret


@pytest.mark.django_db
def test_another_prefix_invalidates_every_token(signed_in: Browser, settings: Any) -> None:
    token = token_for(signed_in)

    settings.API_TOKEN_PREFIX = "store"

    assert refusal(use(token)) == (401, "token_not_valid")


@pytest.fixture
def description(capsys: pytest.CaptureFixture[str]) -> Any:
    strict = ("--validate", "--fail-on-warn", "--urlconf", "api_tokens.tests.shop")
    call_command("spectacular", *strict, "--format", "openapi-json")
    return json.loads(capsys.readouterr().out)


def test_description_is_complete(description: Any) -> None:
    found = {path: of for path, of in description["paths"].items() if "/auth/tokens/" in path}

    assert len(found) == 2
    for operations in found.values():
        for operation in operations.values():
            assert operation["summary"]
            assert operation["tags"] == ["API tokens"]
            assert operation["security"] == [{"accessToken": []}]


@pytest.mark.parametrize(
    ("path", "method", "security"),
    [
        ("orders", "get", [{"apiToken": []}, {"accessToken": []}]),
        ("orders", "post", [{"apiToken": []}, {"accessToken": []}]),
        ("orders", "delete", [{"accessToken": []}]),
        ("customers", "get", [{"accessToken": []}]),
    ],
)
def test_description_says_where_tokens_are_taken(
    path: str, method: str, security: Any, description: Any
) -> None:
    assert description["paths"][f"/api/{path}/"][method]["security"] == security
    assert description["components"]["securitySchemes"]["apiToken"]["scheme"] == "bearer"


def test_project_whose_views_take_no_token_describes_none(
    capsys: pytest.CaptureFixture[str],
) -> None:
    call_command("spectacular", "--urlconf", "tests.own_urls", "--format", "openapi-json")

    assert "apiToken" not in json.loads(capsys.readouterr().out)["components"]["securitySchemes"]
