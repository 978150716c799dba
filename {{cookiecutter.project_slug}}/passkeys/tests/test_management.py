"""Listing, renaming and deleting passkeys; what ends with them."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone

from accounts.models import LoginChallenge, Session, User
from passkeys.models import Passkey
from passkeys.tests.authenticator import Authenticator
from passkeys.tests.steps import enrol, login
from tests import acts
from tests.client import Browser
from tests.flows.steps import challenge_for, refusal
from tests.mailbox import emails_to
from tests.people import NEW_PASSWORD, PASSWORD, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def mode(settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"


def one(method: str, browser: Browser, passkey_id: int | None = None, **body: Any) -> Any:
    kwargs = {"passkey_id": passkey_id or Passkey.objects.latest("pk").pk}
    return browser.call(method, "passkey", body, kwargs=kwargs)


def test_list_has_no_keys(passkey: Authenticator, signed_in: Browser) -> None:
    response = signed_in.call("get", "passkeys")

    [row] = response.json()
    assert response["Cache-Control"] == "no-store"
    assert row.keys() == {"id", "name", "created", "last_used", "backed_up"}


def test_list_has_the_user_s_own_only(passkey: Authenticator) -> None:
    other = Browser()
    other.sign_in(make_user().email)

    assert other.call("get", "passkeys").json() == []


def test_export_has_names_and_no_keys(passkey: Authenticator, signed_in: Browser) -> None:
    exported = signed_in.call("get", "user_export").json()

    stored = Passkey.objects.get()
    [row] = exported["passkeys"]
    assert row.keys() == {"name", "created_at", "last_used_at", "backed_up"}
    assert (row["name"], row["backed_up"]) == (stored.name, stored.backed_up)
    assert "passkey" in [each["type"] for each in exported["second_factors"]]


def test_passkey_is_renamed(passkey: Authenticator, signed_in: Browser) -> None:
    response = one("patch", signed_in, name="Work laptop")

    assert (response.status_code, response.json()["name"]) == (200, "Work laptop")
    assert Passkey.objects.get().name == "Work laptop"


@pytest.mark.parametrize("name", ["", " ", "x" * 101, None, 7])
def test_name_must_be_a_short_text(name: Any, passkey: Authenticator, signed_in: Browser) -> None:
    response = one("patch", signed_in, name=name)

    assert (response.status_code, response.json().keys()) == (400, {"name", "codes"})


@pytest.mark.parametrize("method", ["patch", "delete"])
def test_passkey_of_another_account_is_not_found(method: str, passkey: Authenticator) -> None:
    other = Browser()
    other.sign_in(make_user().email)

    assert refusal(one(method, other, name="Mine")) == (404, "not_found")
    assert Passkey.objects.exists()


@pytest.mark.parametrize("method", ["patch", "delete"])
def test_change_needs_a_recent_sign_in(
    method: str, passkey: Authenticator, signed_in: Browser, settings: Any
) -> None:
    settings.JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME = 3_600
    signed_in.refresh()

    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        response = one(method, signed_in, name="Mine")

    assert refusal(response) == (401, "reauthentication_required")


def test_deleted_passkey_signs_nobody_in(passkey: Authenticator, signed_in: Browser) -> None:
    assert one("delete", signed_in).status_code == 204

    assert login(Browser(), passkey).status_code == 401


def test_deletion_ends_every_other_session_and_challenge(
    passkey: Authenticator, signed_in: Browser, user: User
) -> None:
    other = Browser()
    login(other, passkey)
    challenge_for(user)

    one("delete", signed_in)

    assert other.refresh().status_code == 401
    assert signed_in.refresh().status_code == 200
    assert not LoginChallenge.objects.exists()


def test_owner_gets_an_e_mail_about_a_deletion(
    passkey: Authenticator, signed_in: Browser, user: User
) -> None:
    enrol(signed_in, user)
    one("delete", signed_in)
    one("delete", signed_in)

    first, last = [
        email
        for email in emails_to(user.email)
        if email.subject == "A passkey has been deleted from your account"
    ]
    assert "last second factor" not in first.body
    assert "last second factor" in last.body


def test_last_factor_turns_mfa_off(passkey: Authenticator, signed_in: Browser, user: User) -> None:
    one("delete", signed_in)

    user.refresh_from_db()
    assert not user.has_second_factor
    assert not Session.objects.get().with_second_factor
    assert signed_in.call("get", "jwt_allauth_mfa_authenticators").json() == []
    assert "access" in Browser().sign_in(user.email).json()


def test_last_factor_stays_where_mfa_is_required(
    passkey: Authenticator, signed_in: Browser, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "required"

    assert refusal(one("delete", signed_in)) == (409, "last_factor")
    assert Passkey.objects.exists()


def test_other_passkey_or_app_may_stay_alone_where_mfa_is_required(
    passkey: Authenticator, signed_in: Browser, user: User, settings: Any
) -> None:
    acts.set_up_second_factor(signed_in, user)
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "required"

    assert one("delete", signed_in).status_code == 204
    user.refresh_from_db()
    assert user.has_second_factor


# What ends passkeys


def test_turning_mfa_off_deletes_passkeys(passkey: Authenticator, signed_in: Browser) -> None:
    response = signed_in.call("post", "jwt_allauth_mfa_deactivate", {"password": PASSWORD})

    assert response.status_code == 200
    assert not Passkey.objects.exists()


def test_reset_by_an_admin_deletes_passkeys(
    passkey: Authenticator, signed_in: Browser, user: User
) -> None:
    call_command("reset_second_factor", user.email, stdout=StringIO())

    assert not Passkey.objects.exists()


@pytest.mark.parametrize("verified", [True, False])
def test_password_reset_keeps_passkeys_of_a_verified_address(
    verified: bool, user: User, settings: Any
) -> None:
    settings.EMAIL_VERIFICATION = "optional"
    User.objects.filter(pk=user.pk).update(email_verified=verified)
    browser = Browser()
    browser.sign_in(user.email)
    enrol(browser, user)

    Browser().open_reset(user.email).set_password("rest_password_reset_set_new", NEW_PASSWORD)

    assert Passkey.objects.exists() is verified


def test_deleted_account_takes_its_passkeys_along(passkey: Authenticator, user: User) -> None:
    user.delete()

    assert not Passkey.objects.exists()
