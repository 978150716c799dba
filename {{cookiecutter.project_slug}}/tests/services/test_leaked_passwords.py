"""Leaked passwords: the file, the server, and what happens without an answer."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts.services.passwords import leaked_passwords
from tests.leaks import VALIDATOR, RangeServer, digest_of, file_of, range_server

LEAKED, OTHER = "a leaked pass phrase", "a pass phrase that nobody leaked"
UNCHECKED = "leaked passwords not checked"


@pytest.fixture(autouse=True)
def _validator(settings: Any) -> None:
    settings.AUTH_PASSWORD_VALIDATORS = [VALIDATOR]
    settings.LEAKED_PASSWORDS_FILE = settings.LEAKED_PASSWORDS_URL = ""


@pytest.fixture
def server(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[RangeServer]:
    monkeypatch.setattr(leaked_passwords, "TIMEOUT", 30)
    with range_server() as server:
        settings.LEAKED_PASSWORDS_URL = server.url
        server.leaked = [LEAKED]
        yield server


def refuses(password: str) -> bool:
    try:
        validate_password(password)
    except ValidationError as error:
        return [each.code for each in error.error_list] == ["password_leaked"]
    return False


# Nobody to ask


def test_without_a_setting_nobody_is_asked(server: RangeServer, settings: Any) -> None:
    settings.LEAKED_PASSWORDS_URL = ""

    assert not refuses(LEAKED)
    assert server.asked == []


# The file


def test_file_has_each_leaked_password_and_no_other(tmp_path: Path, settings: Any) -> None:
    leaked = [f"leaked {number}" for number in range(500)]
    settings.LEAKED_PASSWORDS_FILE = file_of(leaked, tmp_path)

    assert all(map(refuses, leaked))
    assert not refuses(OTHER)


def test_file_goes_before_the_server(server: RangeServer, tmp_path: Path, settings: Any) -> None:
    settings.LEAKED_PASSWORDS_FILE = file_of([OTHER], tmp_path)

    assert not refuses(LEAKED)
    assert server.asked == []


def test_file_that_is_gone_refuses_nothing_and_is_logged(
    tmp_path: Path, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.LEAKED_PASSWORDS_FILE = str(tmp_path / "gone")

    assert not refuses(LEAKED)
    assert UNCHECKED in caplog.text


# The server


def test_server_learns_five_digits_and_says_what_is_leaked(server: RangeServer) -> None:
    assert refuses(LEAKED)
    assert not refuses(OTHER)

    assert server.asked == [f"/range/{digest_of(each)[:5]}" for each in (LEAKED, OTHER)]


@pytest.mark.parametrize(
    ("status", "answer"),
    [(500, b""), (404, b"x"), (200, b"<html>"), (200, b"a:b:c"), (200, b"\xff"), (200, b"a:x")],
)
def test_server_that_fails_refuses_nothing_and_is_logged(
    status: int, answer: bytes, server: RangeServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.status, server.answer = status, answer

    assert not refuses(LEAKED)
    assert UNCHECKED in caplog.text
    assert digest_of(LEAKED)[:5] not in caplog.text


def test_server_that_is_gone_refuses_nothing(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with range_server() as server:
        settings.LEAKED_PASSWORDS_URL = server.url

    assert not refuses(LEAKED)
    assert UNCHECKED in caplog.text


def test_server_has_one_second() -> None:
    assert leaked_passwords.TIMEOUT == 1


def test_slow_server_refuses_nothing(
    server: RangeServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(leaked_passwords, "TIMEOUT", 0.05)
    server.may_answer.clear()
    begun = time.monotonic()

    assert not refuses(LEAKED)

    assert time.monotonic() - begun < 10
    assert UNCHECKED in caplog.text
