"""The behaviour of sessions that no endpoint shows."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts import tasks
from accounts.models import LoginChallenge, Session, User
from accounts.services.sessions import purge
from tests.client import Browser
from tests.people import NEW_PASSWORD, make_user, save
from tests.queries import statements

pytestmark = pytest.mark.django_db


def test_device_is_the_one_that_refreshed_last(signed_in: Browser) -> None:
    signed_in.refresh(headers={"User-Agent": "x" * 1_000})

    assert Session.objects.get().user_agent == "x" * 256


def test_expired_sessions_are_purged_and_no_others(
    signed_in: Browser, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purge, "PURGE_BATCH", 2)
    now = timezone.now()
    for _ in range(5):
        Session.objects.create(
            user=user,
            refresh_jti=uuid.uuid4(),
            created_at=now - timedelta(days=20),
            rotated_at=now - timedelta(days=20),
            expires_at=now - timedelta(seconds=1),
        )

    with statements(1 + 3 + 2):
        tasks.purge_sessions()

    assert signed_in.refresh().status_code == 200
    assert Session.objects.count() == 1


def change_password(user: User) -> None:
    user.set_password("another good pass phrase")


def change_role(user: User) -> None:
    user.role = User.Role.STAFF


def close(user: User) -> None:
    user.is_active = False


@pytest.mark.parametrize("change", [change_password, change_role, close])
@pytest.mark.parametrize("fields", [None, ["password", "role", "is_active"]])
def test_saved_change_of_credentials_ends_the_sessions(
    change: Any, fields: list[str] | None, signed_in: Browser
) -> None:
    user = User.objects.get()
    change(user)
    user.save(update_fields=fields)

    assert not Session.objects.exists()


def test_change_that_is_not_saved_ends_nothing(signed_in: Browser) -> None:
    user = User.objects.get()
    change_role(user)
    user.first_name = "Grace"
    user.save(update_fields=["first_name"])
    assert Session.objects.exists()

    user.save()
    assert not Session.objects.exists()


def test_change_before_the_sign_in_ends_nothing(user: User) -> None:
    User.objects.filter(pk=user.pk).update(role=User.Role.STAFF)
    Browser().sign_in(user.email)
    user.refresh_from_db()

    user.save()

    assert Session.objects.exists()


def test_field_loaded_later_does_not_hide_a_change(signed_in: Browser) -> None:
    user = User.objects.defer("first_name").get()
    change_role(user)
    assert user.first_name == "Ada"

    user.save()

    assert not Session.objects.exists()


def test_other_changes_end_nothing(signed_in: Browser) -> None:
    save(User.objects.get(), email_verified=False, last_name="Lovelace")

    assert Session.objects.exists()


def test_sessions_of_other_users_stay(signed_in: Browser) -> None:
    save(make_user(), password=NEW_PASSWORD)

    assert Session.objects.exists()


def test_changepassword_command_ends_the_sessions(
    signed_in: Browser, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("getpass.getpass", lambda prompt="": "another good pass phrase")

    call_command("changepassword", user.email)

    assert not Session.objects.exists()


@pytest.mark.parametrize(
    ("scope", "ended"),
    [(["--all"], 2), (["--user", "ADA@example.test"], 1)],
    ids=["of all accounts", "of one account"],
)
def test_end_sessions_command_ends_sessions_and_challenges(
    scope: list[str], ended: int, db: None, settings: Any, capsys: Any
) -> None:
    users = [make_user(email="ada@example.test"), make_user()]
    for mode in ("disabled", "required"):
        settings.JWT_ALLAUTH_MFA_TOTP_MODE = mode
        for user in users:
            Browser().sign_in(user.email)

    call_command("end_sessions", *scope)

    assert f"{ended} session" in capsys.readouterr().out
    assert Session.objects.count() == LoginChallenge.objects.count() == 2 - ended


def test_end_sessions_command_names_an_unknown_address(db: None) -> None:
    with pytest.raises(CommandError, match="nobody@example.test"):
        call_command("end_sessions", "--user", "nobody@example.test")
