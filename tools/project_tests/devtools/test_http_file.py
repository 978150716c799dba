"""`manage.py write_http_file`: requests for editors, made from the description."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator

from accounts.models import User
from tests.people import PASSWORD


@pytest.fixture
def text(tmp_path: Path, settings: Any) -> str:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    file = tmp_path / "api.http"
    call_command("write_http_file", file)
    return file.read_text(encoding="utf-8")


@pytest.fixture
def requests(text: str) -> list[tuple[str, str, str, str]]:
    """Method, path, headers and body of each request."""
    found: list[tuple[str, str, str, str]] = []
    for block in text.split("\n### ")[1:]:
        head, _, body = block.partition("\n\n")
        _, _, line, *headers = head.strip().splitlines()
        method, url = line.split()
        found.append((method, url.removeprefix("{{server}}"), "\n".join(headers), body))
    return found


def test_every_operation_has_a_request(requests: list[tuple[str, str, str, str]]) -> None:
    description = SchemaGenerator().get_schema(request=None, public=True)
    operations = {
        (method.upper(), path) for path, each in description["paths"].items() for method in each
    }

    found = {(method, re.sub(r"\{\{(\w+)\}\}", r"{\1}", path)) for method, path, _, _ in requests}
    assert found == operations


def test_requests_are_complete(requests: list[tuple[str, str, str, str]]) -> None:
    for method, path, headers, body in requests:
        assert bool(body) == ("Content-Type: application/json" in headers), (method, path)
        assert not body or isinstance(json.loads(body), dict | list)


def test_sign_in_of_the_file_works_and_gives_the_token(
    text: str, requests: list[tuple[str, str, str, str]], user: User, client: Client
) -> None:
    [(_, path, headers, body)] = [each for each in requests if each[1] == reverse("rest_login")]
    assert "Authorization" not in headers
    filled = json.loads(body) | {"email": user.email, "password": PASSWORD}

    answer = client.post(path, filled, content_type="application/json")

    assert answer.json()["access"]
    [name] = re.findall(r"@access = \{\{(\w+)\.response\.body\.access\}\}", text)
    assert f"# @name {name}\nPOST {{{{server}}}}{path}\n" in text
    [profile] = [each for each in requests if each[:2] == ("GET", reverse("rest_user_details"))]
    assert "Authorization: Bearer {{access}}" in profile[2]
