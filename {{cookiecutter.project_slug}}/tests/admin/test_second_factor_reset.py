"""Django admin and a command remove the second factor of a user who has lost the phone."""

from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command

from accounts.flows import mfa_management
from accounts.models import LoginChallenge, Session, User
from tests.admin.steps import act
from tests.authenticator import Held, enrol
from tests.client import Browser
from tests.mailbox import emails_to

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("optional_mfa")]


def has_one(user: User) -> bool:
    has_rows = Authenticator.objects.filter(user=user).exists()
    assert User.objects.get(pk=user.pk).has_second_factor == has_rows
    return has_rows


def test_reset_of_an_account_that_was_just_deleted_changes_nothing(user: User) -> None:
    enrol(user)
    User.objects.get(pk=user.pk).delete()

    assert not mfa_management.reset(user)


def test_admin_resets_the_second_factor_of_a_user(admin: User, user: User) -> None:
    held = enrol(user)
    browser = Browser()
    challenge = browser.sign_in(user.email).json()["challenge_id"]
    browser.verify(challenge, held.app.code())
    Browser().sign_in(user.email)

    shown = act(admin, "reset_second_factor", user)

    assert "MFA was reset: 1. Not changed: 0." in shown
    assert not has_one(user)
    assert not Session.objects.exists()
    assert not LoginChallenge.objects.exists()
    email = emails_to(user.email)[-1]
    assert "reset" in email.subject
    # The account may have another way in, and no password.
    assert "You now sign in without multi-factor authentication." in email.body
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id) == (admin, str(user.pk))
    assert "Reset MFA" in entry.get_change_message()
    assert "access" in Browser().sign_in(user.email).json()


def test_user_without_a_second_factor_keeps_the_sessions(admin: User, user: User) -> None:
    Browser().sign_in(user.email)

    act(admin, "reset_second_factor", user)

    assert Session.objects.exists()
    assert emails_to(user.email) == []
    assert not LogEntry.objects.exists()


def test_command_resets_for_the_last_admin(admin: User, held: Held) -> None:
    output = StringIO()

    call_command("reset_second_factor", "ROOT@example.test", stdout=output)

    assert "has been reset" in output.getvalue()
    assert not has_one(admin)
    assert "reset" in emails_to(admin.email)[-1].subject


@pytest.mark.parametrize(
    ("email", "says"),
    [("nobody@example.test", "No account has"), ("root@example.test", "has no second factor")],
)
def test_command_says_why_it_cannot(email: str, says: str, admin: User) -> None:
    with pytest.raises(CommandError, match=says):
        call_command("reset_second_factor", email)
