"""Known devices: a token that tells one device from another, and opens nothing."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.services.passwords import recognised_devices
from accounts.services.passwords.recognised_devices import LIFETIME
from tests.client import Browser

NOW = timezone.now()
OWNER: dict[str, Any] = {"user_id": uuid.uuid4(), "password_hash": "argon2$one"}


def remembered(device_id: str = "") -> str:
    return recognised_devices.issue(device_id=device_id, now=NOW, **OWNER)


def test_others_are_kept_as_long_as_there_is_room_and_junk_is_not() -> None:
    kept = ""
    people: list[dict[str, Any]] = [
        {"user_id": uuid.uuid4(), "password_hash": "argon2$one"} for _ in range(7)
    ]
    for person in people:
        kept = recognised_devices.issue(now=NOW, kept=f"{kept}~junk", **person)
        kept = recognised_devices.issue(now=NOW, kept=kept, **person)

    known = [bool(recognised_devices.recognise(kept, now=NOW, **person)) for person in people]
    assert known == [False] * 2 + [True] * 5
    assert "junk" not in kept


def recognised(token: str, **changes: Any) -> str:
    return recognised_devices.recognise(token, **{"now": NOW, **OWNER, **changes})


def test_device_is_known_again_and_keeps_its_name() -> None:
    device_id = recognised(remembered())

    assert device_id
    assert recognised(remembered(device_id)) == device_id
    assert recognised(remembered()) != device_id


@pytest.mark.parametrize(
    "change",
    [
        {"password_hash": "argon2$another"},
        {"user_id": uuid.uuid4()},
        {"now": NOW + LIFETIME},
    ],
    ids=["after another password", "for another account", "after a year"],
)
def test_device_is_unknown(change: dict[str, Any]) -> None:
    assert recognised(remembered(), **change) == ""


def test_device_is_known_until_the_year_is_over() -> None:
    assert recognised(remembered(), now=NOW + LIFETIME - timedelta(seconds=1))


@pytest.mark.parametrize("part", [0, 1, 2])
def test_no_part_of_it_can_be_changed(part: int) -> None:
    parts = remembered().split(".")
    parts[part] = parts[part][:-1] + ("0" if parts[part][-1] != "0" else "1")

    assert recognised(".".join(parts)) == ""


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "é.1.ü", "x" * 5_000, "a.1.\x00"])
def test_garbage_is_no_device(token: str) -> None:
    assert recognised(token) == ""


def test_device_is_known_after_the_secret_key_was_replaced(settings: Any) -> None:
    token = remembered()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a-new-secret-key-of-the-tests-that-signs-nothing-else"
    assert recognised(token)

    settings.SECRET_KEY_FALLBACKS = []
    assert recognised(token) == ""


@pytest.mark.django_db
def test_new_device_is_looked_up_once(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = []
    recognise = recognised_devices.recognise

    def look_up(*arguments: Any, **options: Any) -> str:
        answers.append(recognise(*arguments, **options))
        return answers[-1]

    monkeypatch.setattr(recognised_devices, "recognise", look_up)

    Browser().sign_in(user.email)

    assert answers == [""]
