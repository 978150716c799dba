"""Demo accounts: there for the first try, and never outside development."""

import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from devtools.management.commands.demo_accounts import demo_password
from tests.people import make_user

pytestmark = pytest.mark.django_db


def passwords(capsys: pytest.CaptureFixture[str]) -> dict[str, str | None]:
    call_command("demo_accounts", "--json")
    printed: dict[str, str | None] = json.loads(capsys.readouterr().out)
    return printed


def test_an_administrator_and_a_user_can_sign_in(
    settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.DEBUG = True

    known = passwords(capsys)

    for email, role in {"admin@example.com": "ADMIN", "user@example.com": "USER"}.items():
        user = User.objects.get(email=email)
        assert (user.role, user.email_verified) == (role, True)
        assert user.check_password(known[email] or "")


def test_a_second_run_makes_and_changes_nothing(
    settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.DEBUG = True
    first, rows = passwords(capsys), list(User.objects.order_by("pk").values())

    assert passwords(capsys) == first
    assert list(User.objects.order_by("pk").values()) == rows


def test_a_password_of_the_owners_own_is_not_guessed(
    settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.DEBUG = True
    passwords(capsys)
    user = User.objects.get(email="user@example.com")
    user.set_password("another good pass phrase")
    user.save()

    assert passwords(capsys)["user@example.com"] is None
    call_command("demo_accounts")
    assert "with another password" in capsys.readouterr().out


def test_none_is_made_beside_the_accounts_of_people(
    settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.DEBUG = True
    make_user(email="ada@example.test")

    assert passwords(capsys) == {"admin@example.com": None, "user@example.com": None}
    assert User.objects.count() == 1


def test_passwords_differ_by_account_and_by_project(settings: Any) -> None:
    ours = {demo_password("admin@example.com"), demo_password("user@example.com")}
    settings.SECRET_KEY = "the key of another project, which is as secret as the first one"

    assert len({*ours, demo_password("user@example.com")}) == 3


def test_production_has_no_demo_accounts(settings: Any) -> None:
    settings.DEBUG = False

    with pytest.raises(CommandError, match="DEBUG=True"):
        call_command("demo_accounts")
    assert not User.objects.exists()
