"""Administrators see the passkeys of a user, and delete one."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from accounts.models import SecurityEvent, Session, User
from accounts.services import ways_in
from passkeys.flows import management
from passkeys.models import Passkey
from passkeys.tests.authenticator import Authenticator
from passkeys.tests.steps import enrol, login
from tests.admin.steps import as_
from tests.client import Browser
from tests.flows.steps import refusal, signed_in_as
from tests.mailbox import emails_to
from tests.people import make_user
from tests.races.concurrency import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def mode(settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"


def page_of(name: str, row: Any) -> str:
    return reverse(f"admin:{name}", args=[row.pk])


def delete(actor: User, row: Passkey) -> Any:
    return as_(actor).post(page_of("passkeys_passkey_delete", row), {"post": "yes"})


def admin_with(*names: str, role: str = "ADMIN") -> User:
    user = make_user(role=role)
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    return user


def test_page_of_the_user_lists_them(passkey: Authenticator, user: User, admin: User) -> None:
    stored = Passkey.objects.get()
    Passkey.objects.update(name="My phone")

    page = as_(admin).get(page_of("accounts_user_change", user)).content.decode()

    assert "My phone" in page
    assert page_of("passkeys_passkey_change", stored) in page
    assert "Recovery codes (10), Passkey" in page


def test_page_shows_no_key(passkey: Authenticator, admin: User) -> None:
    page = page_of("passkeys_passkey_change", Passkey.objects.get())

    text = as_(admin).get(page).content.decode()

    assert "public_key" not in text
    assert "credential_id" not in text
    assert as_(admin).post(page, {"name": "x"}).status_code == 403


def test_user_can_be_changed_while_the_list_is_shown(
    passkey: Authenticator, user: User, admin: User
) -> None:
    form = {"email": user.email, "email_verified": "on", "first_name": "Grace", "language": "en"}
    form |= {"is_active": "on", "role": "USER", "last_name": "Hopper"}

    assert as_(admin).post(page_of("accounts_user_change", user), form).status_code == 302
    assert User.objects.get(pk=user.pk).first_name == "Grace"
    assert Passkey.objects.exists()


def test_deleted_passkey_signs_nobody_in_and_its_owner_is_told(
    passkey: Authenticator, signed_in: Browser, user: User, admin: User
) -> None:
    enrol(signed_in, user)
    stored = Passkey.objects.get(credential_id=passkey.credential_id)

    assert delete(admin, stored).status_code == 302

    assert refusal(login(Browser(), passkey)) == (401, "incorrect_credentials")
    assert not Session.objects.exists()
    assert User.objects.get(pk=user.pk).has_second_factor
    assert "an administrator deleted a passkey" in emails_to(user.email)[-1].body
    event = SecurityEvent.objects.get(event="passkey_deleted")
    assert (event.facts["by"], event.network) == (str(admin.pk), "")


@pytest.mark.parametrize(
    ("mfa_mode", "sentence"),
    [("optional", "you sign in without one"), ("required", "you set up another one")],
)
def test_last_one_turns_mfa_off(
    mfa_mode: str,
    sentence: str,
    passkey: Authenticator,
    user: User,
    admin: User,
    settings: Any,
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = mfa_mode
    client = as_(admin)

    client.post(page_of("passkeys_passkey_delete", Passkey.objects.get()), {"post": "yes"})

    assert not User.objects.get(pk=user.pk).has_second_factor
    body = emails_to(user.email)[-1].body
    assert sentence in body
    # The account may have another way in, and no password.
    assert "password" not in body


def test_administrator_without_a_permission_is_refused(passkey: Authenticator, user: User) -> None:
    stored, rights = Passkey.objects.get(), ("view_passkey", "delete_passkey")

    assert delete(admin_with("view_passkey"), stored).status_code == 403
    assert delete(admin_with(*rights, role="STAFF"), stored).status_code == 403
    user.user_permissions.set(Permission.objects.filter(codename="view_session"))
    assert delete(admin_with(*rights), stored).status_code == 403
    user.user_permissions.clear()
    assert delete(admin_with(*rights), stored).status_code == 302


def test_own_passkey_is_deleted_in_the_application(admin: User) -> None:
    enrol(signed_in_as(admin), admin)

    again = User.objects.get(pk=admin.pk)

    assert delete(again, Passkey.objects.get()).status_code == 403


def test_account_is_deleted_with_its_passkeys(
    passkey: Authenticator, user: User, admin: User
) -> None:
    # Alone, it could not be deleted: it is the last way in.
    User.objects.filter(pk=user.pk).update(password="!")

    page = page_of("accounts_user_delete", user)

    assert as_(admin).post(page, {"post": "yes"}).status_code == 302
    assert not Passkey.objects.exists()


def test_passkeys_are_not_deleted_in_bulk(passkey: Authenticator, admin: User) -> None:
    chosen = [str(Passkey.objects.get().pk)]
    form = {"action": "delete_selected", "_selected_action": chosen, "post": "yes"}

    as_(admin).post(reverse("admin:passkeys_passkey_changelist"), form)

    assert Passkey.objects.exists()


def test_one_that_is_deleted_meanwhile_is_not_the_last_way_in(
    passkey: Authenticator, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = Passkey.objects.get()

    def count_after_deletion(_: User) -> int:
        Passkey.objects.filter(pk=stored.pk).delete()
        return 1

    monkeypatch.setattr(ways_in, "count", count_after_deletion)

    assert not ways_in.is_last(stored, among=Passkey.objects.all())


def test_one_that_is_gone_is_not_refused(passkey: Authenticator, admin: User) -> None:
    stored = Passkey.objects.get()

    assert [delete(admin, stored).status_code for _ in range(2)] == [302, 302]


def test_passkey_of_a_deleted_account_is_gone(passkey: Authenticator, admin: User) -> None:
    stored = Passkey.objects.get()
    owner = stored.user
    User.objects.get(pk=owner.pk).delete()

    management.delete_for(owner, passkey_id=stored.pk, by=admin)

    assert not SecurityEvent.objects.filter(event="passkey_deleted").exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_administrators_one_deletes_it(passkey: Authenticator, user: User) -> None:
    stored = Passkey.objects.get()
    admins = [make_user(role="ADMIN", is_superuser=True) for _ in range(2)]

    answers = at_once(2, lambda number: delete(admins[number], stored).status_code)

    assert set(answers) == {302}
    assert SecurityEvent.objects.filter(event="passkey_deleted").count() == 1
    assert len(emails_to(user.email)) == 2
