"""Leaked passwords: the format of the file, the command that makes it, and the settings."""

import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command

from accounts.services.passwords import bloom_filter, leaked_passwords
from accounts.services.passwords.bloom_filter import NoFilterError
from core.checks import STARTUP
from tests.core.test_start import PRODUCTION, start
from tests.leaks import RangeServer, digest_of, file_of, list_of
from tests.services.test_leaked_passwords import LEAKED, OTHER, refuses
from tests.services.test_leaked_passwords import _validator as _validator
from tests.services.test_leaked_passwords import server as server


def problems() -> list[str]:
    return [str(each.msg) for each in run_checks(tags=[STARTUP]) if "LEAKED" in str(each.msg)]


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


@pytest.mark.parametrize("end", ["?mode=ntlm", "#x"])
def test_check_refuses_an_address_that_nothing_can_follow(end: str, settings: Any) -> None:
    settings.LEAKED_PASSWORDS_URL = f"https://leaks.example.test/range{end}"

    assert len(problems()) == 1


def build(*args: Any) -> str:
    out = StringIO()
    call_command("build_leaked_passwords", *args, stdout=out)
    return out.getvalue()


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


def test_command_leaves_out_passwords_that_are_rarely_seen(tmp_path: Path) -> None:
    listed, output = list_of([LEAKED, OTHER], tmp_path, [10, 9]), tmp_path / "leaked.bloom"

    assert ": 1 passwords" in build(listed, "--output", output, "--min-count", 10)
    assert bytes.fromhex(digest_of(OTHER)) not in bloom_filter.load(output)


def test_command_needs_a_list_and_a_place(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        build(tmp_path / "gone", "--output", tmp_path / "leaked.bloom")
    with pytest.raises(CommandError, match="--output"):
        build(list_of([LEAKED], tmp_path))


def test_padding_is_no_leaked_password(
    server: RangeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answer = f"{digest_of(LEAKED)[5:]}:0\r\n".encode()

    assert not refuses(LEAKED)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LEAKED_PASSWORDS_URL", "https://leaks.shop.com/range/"),
        ("LEAKED_PASSWORDS_FILE", "/x"),
        ("", ""),
    ],
)
def test_leaked_passwords_are_refused_where_a_source_is_set(name: str, value: str) -> None:
    show = "from django.conf import settings; print(settings.AUTH_PASSWORD_VALIDATORS)"

    ended = start("-c", show, **PRODUCTION | ({name: value} if name else {}))

    assert ("LeakedPasswordValidator" in ended.stdout) is bool(name)


def test_command_makes_the_file_that_the_settings_already_name(tmp_path: Path) -> None:
    listed, made = tmp_path / "list.txt", tmp_path / "leaked.bloom"
    listed.write_text(f"{'A' * 40}:1\n")
    command = ("manage.py", "build_leaked_passwords", str(listed))

    ended = start(*command, **PRODUCTION, LEAKED_PASSWORDS_FILE=str(made))

    assert ended.returncode == 0, ended.stderr
    assert made.exists()
