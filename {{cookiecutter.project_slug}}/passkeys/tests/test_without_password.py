"""A user who has a passkey and no password lives with it."""

from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts.models import User
from passkeys.models import Passkey
from passkeys.tests.authenticator import USER_PRESENT, Authenticator
from passkeys.tests.steps import enrol, login
from tests.admin.steps import as_
from tests.client import Browser
from tests.flows.steps import refusal
from tests.mailbox import emails_to, link_to
from tests.people import NEW_PASSWORD
from tests.races.concurrency import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def mode(settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"


@pytest.fixture
def passkey(signed_in: Browser, user: User) -> Authenticator:
    """The only way in of ``user``."""
    authenticator = enrol(signed_in, user)
    User.objects.filter(pk=user.pk).update(password=make_password(None))
    return authenticator


@pytest.fixture
def browser(passkey: Authenticator) -> Browser:
    browser = Browser()
    assert login(browser, passkey).status_code == 200
    return browser


def delete(browser: Browser, passkey: Passkey) -> Any:
    return browser.call("delete", "passkey", kwargs={"passkey_id": passkey.pk})


def test_first_password_is_set(browser: Browser, user: User) -> None:
    body = dict.fromkeys(("new_password1", "new_password2"), NEW_PASSWORD)

    assert browser.call("post", "rest_password_set", body).status_code == 200
    assert Browser().sign_in(user.email, NEW_PASSWORD).json()["mfa_required"] is True


def test_account_is_closed_and_kept(browser: Browser, user: User, passkey: Authenticator) -> None:
    assert browser.call("post", "user_close", {}).status_code == 202

    assert refusal(login(Browser(), passkey)) == (401, "incorrect_credentials")
    assert Browser().post(link_to(user.email)).status_code == 200
    assert login(Browser(), passkey).status_code == 200


def test_account_is_exported(browser: Browser, user: User) -> None:
    response = browser.call("get", "user_export")

    assert response.json()["profile"]["email"] == user.email


def test_password_is_reset_by_e_mail(passkey: Authenticator, user: User) -> None:
    response = Browser().reset_password(user.email)

    # The passkey stays, as the second factor.
    assert response.json()["mfa_required"] is True
    assert User.objects.get(pk=user.pk).check_password(NEW_PASSWORD)


def test_password_is_reset_if_the_passkey_does_not_sign_in_alone(
    passkey: Authenticator, user: User
) -> None:
    Passkey.objects.update(user_verified=False)

    response = Browser().reset_password(user.email)

    assert response.json()["mfa_required"] is True


def test_last_way_in_stays(browser: Browser, admin: User) -> None:
    stored = Passkey.objects.get()

    assert refusal(delete(browser, stored)) == (409, "last_way_in")
    page = reverse("admin:passkeys_passkey_delete", args=[stored.pk])
    assert as_(admin).post(page, {"post": "yes"}).status_code == 403
    assert Passkey.objects.exists()


def test_of_two_passkeys_one_can_go(browser: Browser, user: User) -> None:
    enrol(browser, user)
    first, second = Passkey.objects.order_by("pk")

    assert delete(browser, first).status_code == 204
    assert refusal(delete(browser, second)) == (409, "last_way_in")


def test_security_key_without_a_pin_is_no_way_in(browser: Browser, user: User) -> None:
    enrol(browser, user, flags=USER_PRESENT)
    first, key = Passkey.objects.order_by("pk")

    assert refusal(delete(browser, first)) == (409, "last_way_in")
    assert delete(browser, key).status_code == 204


@pytest.mark.django_db(transaction=True)
def test_of_the_last_two_one_stays_when_both_go_at_once(browser: Browser, user: User) -> None:
    enrol(browser, user)
    rows = list(Passkey.objects.order_by("pk"))

    answers = at_once(2, lambda number: delete(browser, rows[number]).status_code)

    assert sorted(answers) == [204, 409]
    assert Passkey.objects.count() == 1


def test_administrator_who_resets_mfa_leaves_the_last_way_in(
    passkey: Authenticator, user: User, admin: User
) -> None:
    form = {"action": "reset_second_factor", "_selected_action": str(user.pk), "confirmed": "yes"}

    response = as_(admin).post(reverse("admin:accounts_user_changelist"), form, follow=True)

    assert f"Set a password first. ({user.email})" in response.content.decode()
    assert login(Browser(), passkey).status_code == 200
    assert "reset" not in emails_to(user.email)[-1].subject


def test_command_that_resets_mfa_leaves_the_last_way_in(passkey: Authenticator, user: User) -> None:
    with pytest.raises(CommandError, match="Set a password first"):
        call_command("reset_second_factor", user.email)

    assert login(Browser(), passkey).status_code == 200


def test_mfa_of_an_account_with_a_password_is_reset(passkey: Authenticator, user: User) -> None:
    User.objects.filter(pk=user.pk).update(password=make_password(NEW_PASSWORD))

    call_command("reset_second_factor", user.email)

    assert not Passkey.objects.exists()
