"""Leaked passwords: the file, the server, and what happens without an answer."""

import re
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.checks import run_checks
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from accounts.services.passwords import bloom_filter, leaked_passwords
from accounts.services.passwords.bloom_filter import NoFilterError
from core.checks import STARTUP
from tests.leaks import VALIDATOR, RangeServer, digest_of, file_of, list_of, range_server

LEAKED, OTHER = "a leaked pass phrase", "a pass phrase that nobody leaked"
UNCHECKED = "leaked passwords not checked"


@pytest.fixture(autouse=True)
def _validator(settings: Any) -> None:
    settings.AUTH_PASSWORD_VALIDATORS = [VALIDATOR]
    settings.LEAKED_PASSWORDS_FILE = settings.LEAKED_PASSWORDS_URL = ""


@pytest.fixture
def server(settings: Any) -> Iterator[RangeServer]:
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


def build(*args: Any) -> str:
    out = StringIO()
    call_command("build_leaked_passwords", *args, stdout=out)
    return out.getvalue()


def problems() -> list[str]:
    return [str(each.msg) for each in run_checks(tags=[STARTUP]) if "LEAKED" in str(each.msg)]


# Nobody to ask


def test_without_a_setting_nobody_is_asked(server: RangeServer, settings: Any) -> None:
    settings.LEAKED_PASSWORDS_URL = ""

    assert not refuses(LEAKED)
    assert server.asked == []
    assert problems() == []


# The file


def test_file_has_each_leaked_password_and_no_other(tmp_path: Path, settings: Any) -> None:
    leaked = [f"leaked {number}" for number in range(500)]
    settings.LEAKED_PASSWORDS_FILE = file_of(leaked, tmp_path)

    assert all(map(refuses, leaked))
    assert not refuses(OTHER)
    assert problems() == []


def test_file_refuses_few_other_passwords(tmp_path: Path) -> None:
    listed = list_of([f"leaked {number}" for number in range(2_000)], tmp_path)
    output = tmp_path / "leaked.bloom"
    build(listed, "--output", output, "--error-rate", "0.01")

    found = bloom_filter.load(output)
    others = [bytes.fromhex(digest_of(f"other {number}")) for number in range(10_000)]
    assert 50 < sum(other in found for other in others) < 200


def test_file_takes_two_bytes_for_a_password_and_has_no_digest(tmp_path: Path) -> None:
    leaked = [f"leaked {number}" for number in range(1_000)]

    content = Path(file_of(leaked, tmp_path)).read_bytes()

    assert len(content) < 2 * len(leaked)
    assert bytes.fromhex(digest_of(leaked[0]))[:8] not in content


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


@pytest.mark.parametrize("damage", ["gone", "empty", "text", "truncated", "folder"])
def test_check_refuses_a_file_that_is_no_filter(damage: str, tmp_path: Path, settings: Any) -> None:
    path = Path(file_of([LEAKED], tmp_path))
    settings.LEAKED_PASSWORDS_FILE = str(path)
    content = {"empty": b"", "text": b"x" * 1_000, "truncated": path.read_bytes()[:-1]}
    path.unlink()
    if damage == "folder":
        path.mkdir()
    elif damage != "gone":
        path.write_bytes(content[damage])

    [problem] = problems()
    assert "build_leaked_passwords" in problem
    if damage not in {"gone", "folder"}:
        with pytest.raises(NoFilterError):
            bloom_filter.load(path)


# The command


def test_command_says_what_it_made_and_replaces_it(tmp_path: Path, settings: Any) -> None:
    settings.LEAKED_PASSWORDS_FILE = str(tmp_path / "leaked.bloom")
    build(list_of([OTHER], tmp_path))
    leaked_passwords.is_in_file(OTHER)

    said = build(list_of([LEAKED], tmp_path))

    assert re.search(r"leaked\.bloom: 1 passwords, \d+ bytes\.", said)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["leaked.bloom", "leaked.txt"]
    assert leaked_passwords.is_in_file(OTHER), "a running process keeps the former file"
    found = bloom_filter.load(tmp_path / "leaked.bloom")
    assert bytes.fromhex(digest_of(LEAKED)) in found
    assert bytes.fromhex(digest_of(OTHER)) not in found


def test_command_leaves_out_passwords_that_are_rarely_seen(tmp_path: Path) -> None:
    listed, output = list_of([LEAKED, OTHER], tmp_path, [10, 9]), tmp_path / "leaked.bloom"

    assert ": 1 passwords" in build(listed, "--output", output, "--min-count", 10)
    assert bytes.fromhex(digest_of(OTHER)) not in bloom_filter.load(output)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "has no passwords"),
        ("\n", "has no passwords"),
        ("a plain password\n", "line 1: expected a SHA-1"),
        (f"{'a' * 40}:1\n{'a' * 32}:1\n", "line 2: expected a SHA-1"),
    ],
)
def test_command_refuses_another_list_and_leaves_no_file(
    content: str, problem: str, tmp_path: Path
) -> None:
    listed, output = tmp_path / "list.txt", tmp_path / "leaked.bloom"
    listed.write_text(content)

    with pytest.raises(CommandError, match=problem):
        build(listed, "--output", output)

    assert [path.name for path in tmp_path.iterdir()] == ["list.txt"]


def test_command_needs_a_list_and_a_place(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        build(tmp_path / "gone", "--output", tmp_path / "leaked.bloom")
    with pytest.raises(CommandError, match="--output"):
        build(list_of([LEAKED], tmp_path))


# The server


def test_server_learns_five_digits_and_says_what_is_leaked(server: RangeServer) -> None:
    assert refuses(LEAKED)
    assert not refuses(OTHER)

    assert server.asked == [f"/range/{digest_of(each)[:5]}" for each in (LEAKED, OTHER)]


def test_padding_is_no_leaked_password(
    server: RangeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answer = f"{digest_of(LEAKED)[5:]}:0\r\n".encode()

    assert not refuses(LEAKED)


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


def test_server_has_one_second(
    server: RangeServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert leaked_passwords.TIMEOUT == 1
    monkeypatch.setattr(leaked_passwords, "TIMEOUT", 0.05)
    server.may_answer.clear()
    begun = time.monotonic()

    assert not refuses(LEAKED)

    assert time.monotonic() - begun < 10
    assert UNCHECKED in caplog.text


@pytest.mark.parametrize("end", ["?mode=ntlm", "#x"])
def test_check_refuses_an_address_that_nothing_can_follow(end: str, settings: Any) -> None:
    settings.LEAKED_PASSWORDS_URL = f"https://leaks.example.test/range{end}"

    assert len(problems()) == 1
