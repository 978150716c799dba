"""Django admin and a command remove the second factor of a user who has lost the phone."""

from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts.models import LoginChallenge, Session, User
from tests.admin.steps import as_
from tests.authenticator import Held, enrol
from tests.client import Browser
from tests.mailbox import emails_to
from tests.people import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("optional_mfa")]


def reset_by(actor: User, *users: User) -> Any:
    chosen = [str(user.pk) for user in users]
    fields = {"action": "reset_second_factor", "_selected_action": chosen, "confirmed": "yes"}
    return as_(actor).post(reverse("admin:accounts_user_changelist"), fields, follow=True)


def has_one(user: User) -> bool:
    has_rows = Authenticator.objects.filter(user=user).exists()
    assert User.objects.get(pk=user.pk).has_second_factor == has_rows
    return has_rows


def test_admin_resets_the_second_factor_of_a_user(admin: User, user: User) -> None:
    held = enrol(user)
    browser = Browser()
    challenge = browser.sign_in(user.email).json()["challenge_id"]
    answer = {"challenge_id": challenge, "code": held.app.code()}
    browser.call("post", "jwt_allauth_mfa_verify", answer)
    Browser().sign_in(user.email)

    response = reset_by(admin, user)

    assert "MFA was reset: 1. Not changed: 0." in response.content.decode()
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


def test_admin_does_not_reset_the_own_second_factor(admin: User, held: Held) -> None:
    reset_by(admin, admin)

    assert has_one(admin)


def test_user_without_a_second_factor_keeps_the_sessions(admin: User, user: User) -> None:
    Browser().sign_in(user.email)

    reset_by(admin, user)

    assert Session.objects.exists()
    assert emails_to(user.email) == []
    assert not LogEntry.objects.exists()


def with_permission(role: str, codename: str) -> User:
    user = make_user(role=role)
    user.user_permissions.add(Permission.objects.get(codename=codename))
    return user


def test_admin_does_not_reset_the_second_factor_of_a_superuser(
    admin: User, held: Held, user: User
) -> None:
    enrol(user)

    reset_by(with_permission("ADMIN", "change_user"), admin, user)

    assert has_one(admin)
    assert not has_one(user)


@pytest.mark.parametrize(
    ("role", "codename", "of_user"),
    [
        ("ADMIN", "change_user", "view_user"),
        ("ADMIN", "view_user", None),
        ("STAFF", "change_user", None),
    ],
    ids=["user has more permissions", "may not change users", "is no admin"],
)
def test_staff_with_too_few_rights_reset_nothing(
    role: str, codename: str, of_user: str | None, user: User
) -> None:
    enrol(user)
    user.user_permissions.set(Permission.objects.filter(codename=of_user))

    reset_by(with_permission(role, codename), user)

    assert has_one(user)


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
