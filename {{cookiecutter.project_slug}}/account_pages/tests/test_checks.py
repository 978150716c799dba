"""The pages reach the API, and no other part has their path."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks

from account_pages.checks import check
from core.checks import STARTUP

SCRIPTS = Path(__file__).parents[1] / "static"


@pytest.mark.parametrize(
    ("name", "path"),
    [("API_URL", "v1/"), ("API_URL", "account/api/"), ("ADMIN_URL", "account/admin/")],
)
def test_path_that_breaks_the_pages_stops_the_start(name: str, path: str, settings: Any) -> None:
    assert check(None) == []

    setattr(settings, name, path)

    assert [message.id for message in check(None)] == [f"account_pages.{name}"]


def test_checks_run_at_the_start(settings: Any) -> None:
    settings.API_URL = "v1/"

    assert "account_pages.API_URL" in {message.id for message in run_checks(tags=[STARTUP])}


def test_scripts_call_the_path_that_is_checked(settings: Any) -> None:
    source = "".join(script.read_text(encoding="utf-8") for script in SCRIPTS.rglob("*.js"))

    called = set(re.findall(r"[\"`]/(\w+/)auth/", source))

    assert called == {settings.API_URL}
