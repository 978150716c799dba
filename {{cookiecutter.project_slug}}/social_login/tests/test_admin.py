"""Administrators see the accounts of a user at providers, and disconnect one."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from accounts.models import SecurityEvent, Session, User
from social_login.models import SocialAccount
from social_login.tests.steps import GRACE, sign_in
from tests.admin.steps import as_
from tests.client import Browser
from tests.mailbox import emails_to
from tests.people import PASSWORD, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def connected(guest: Browser) -> SocialAccount:
    """The account of a user who has a password as well."""
    sign_in(guest)
    user = User.objects.get(email=GRACE["email"])
    user.set_password(PASSWORD)
    user.save()
    return SocialAccount.objects.get()


def page_of(name: str, row: Any) -> str:
    return reverse(f"admin:{name}", args=[row.pk])


def disconnect(actor: User, account: SocialAccount) -> Any:
    path = page_of("social_login_socialaccount_delete", account)
    return as_(actor).post(path, {"post": "yes"})


def test_page_of_the_user_lists_them(connected: SocialAccount, admin: User) -> None:
    page = as_(admin).get(page_of("accounts_user_change", connected.user)).content.decode()

    assert "Connected accounts" in page
    assert f"oidc, {GRACE['email']}" in page
    assert page_of("social_login_socialaccount_change", connected) in page


def test_row_is_read_only(connected: SocialAccount, admin: User) -> None:
    page = page_of("social_login_socialaccount_change", connected)

    assert as_(admin).get(page).status_code == 200
    assert as_(admin).post(page, {"subject": "another"}).status_code == 403
    add = reverse("admin:social_login_socialaccount_add")
    assert as_(admin).get(add).status_code == 403


def test_disconnected_account_is_told_to_the_owner(
    connected: SocialAccount, guest: Browser, admin: User
) -> None:
    Browser().sign_in(connected.user.email)

    assert disconnect(admin, connected).status_code == 302

    assert not SocialAccount.objects.exists()
    assert not Session.objects.exists()
    assert "an administrator disconnected" in emails_to(GRACE["email"])[-1].body
    event = SecurityEvent.objects.get(event="provider_disconnected")
    assert (event.facts["by"], event.network) == (str(admin.pk), "")


def test_last_way_in_stays(guest: Browser, admin: User) -> None:
    sign_in(guest)
    account = SocialAccount.objects.get()

    assert disconnect(admin, account).status_code == 403
    page = as_(admin).get(page_of("social_login_socialaccount_change", account)).content.decode()
    assert "deletelink" not in page

    assert SocialAccount.objects.exists()


def test_only_way_in_stays_while_its_provider_is_switched_off(
    guest: Browser, admin: User, settings: Any
) -> None:
    sign_in(guest)
    settings.SOCIAL_PROVIDERS = {}

    assert disconnect(admin, SocialAccount.objects.get()).status_code == 403

    assert SocialAccount.objects.exists()


def test_administrator_without_a_permission_is_refused(connected: SocialAccount) -> None:
    def actor(*names: str, role: str = "ADMIN") -> User:
        user = make_user(role=role)
        user.user_permissions.set(Permission.objects.filter(codename__in=names))
        return user

    rights = ("view_socialaccount", "delete_socialaccount")
    assert disconnect(actor("view_socialaccount"), connected).status_code == 403
    assert disconnect(actor(*rights, role="STAFF"), connected).status_code == 403
    connected.user.user_permissions.set(Permission.objects.filter(codename="view_session"))
    assert disconnect(actor(*rights), connected).status_code == 403
    connected.user.user_permissions.clear()
    assert disconnect(actor(*rights), connected).status_code == 302


def test_account_is_deleted_with_its_last_way_in(guest: Browser, admin: User) -> None:
    sign_in(guest)
    user = SocialAccount.objects.get().user

    response = as_(admin).post(page_of("accounts_user_delete", user), {"post": "yes"})

    assert response.status_code == 302
    assert not SocialAccount.objects.exists()


def test_accounts_are_not_disconnected_in_bulk(connected: SocialAccount, admin: User) -> None:
    form = {"action": "delete_selected", "_selected_action": [str(connected.pk)], "post": "yes"}

    as_(admin).post(reverse("admin:social_login_socialaccount_changelist"), form)

    assert SocialAccount.objects.exists()
