"""Django's commands refuse the passwords that the login refuses."""

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from tests.services.test_password_validators import UNACCEPTED


@pytest.mark.django_db
def test_createsuperuser_does_not_bypass_the_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getpass", lambda *_: UNACCEPTED["too long"])
    monkeypatch.setattr("builtins.input", lambda *_: "y")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)

    with pytest.raises(CommandError, match="This password"):
        call_command("createsuperuser", email="root@example.test", interactive=True)


@pytest.mark.django_db
def test_changepassword_refuses_a_password_that_the_login_refuses(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("getpass.getpass", lambda **_: UNACCEPTED["too long"])

    with pytest.raises(CommandError, match="Aborting"):
        call_command("changepassword", user.email)
