"""Django admin's sign-in with a passkey, as a form."""

import json
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import User
from passkeys.models import Passkey
from passkeys.tests.authenticator import USER_PRESENT, Authenticator
from passkeys.tests.steps import enrol, login, login_options
from tests.client import Browser
from tests.limits import Rates

pytestmark = pytest.mark.django_db

INDEX = reverse("admin:index")


@pytest.fixture(autouse=True)
def mode(settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"


@pytest.fixture
def passkey(admin: User) -> Authenticator:
    browser = Browser()
    browser.sign_in(admin.email)
    return enrol(browser, admin)


def submit(browser: Browser, authenticator: Authenticator, target: str = INDEX) -> Any:
    browser.get(reverse("admin:login"))
    asked = login_options(browser)
    fields = {
        "csrfmiddlewaretoken": browser.cookies["csrftoken"].value,
        "challenge_id": asked["challenge_id"],
        "credential": json.dumps(authenticator.get(asked["options"])),
        "next": target,
    }
    return browser.post(reverse("admin_passkey"), fields)


def test_staff_sign_in(passkey: Authenticator, browser: Browser, caplog: Any) -> None:
    response = submit(browser, passkey)

    assert (response.status_code, response["Location"]) == (302, INDEX)
    assert browser.get(INDEX).status_code == 200
    assert "admin_login" in caplog.messages


@pytest.mark.parametrize(
    "target", ["https://evil.example.test/", "//evil.example.test", "javascript:alert(1)", ""]
)
def test_target_elsewhere_is_ignored(target: str, passkey: Authenticator, browser: Browser) -> None:
    assert submit(browser, passkey, target)["Location"] == INDEX


def test_passkey_without_user_verification_is_refused(
    passkey: Authenticator, browser: Browser
) -> None:
    response = submit(browser, passkey.but(flags=USER_PRESENT))

    assert response["Location"].startswith(reverse("admin:login"))
    assert browser.get(INDEX).status_code == 302


def test_user_who_is_not_staff_is_refused(browser: Browser, signed_in: Browser, user: User) -> None:
    submit(browser, enrol(signed_in, user))

    assert "sessionid" not in browser.cookies
    assert "_auth_user_id" not in browser.session


@pytest.mark.parametrize("credential", ["", "{", "[]", "7", '{"id": "x"}', "[" * 5_000])
def test_malformed_form_is_refused(
    credential: str, passkey: Authenticator, browser: Browser
) -> None:
    browser.get(reverse("admin:login"))
    fields = {
        "csrfmiddlewaretoken": browser.cookies["csrftoken"].value,
        "challenge_id": login_options(browser)["challenge_id"],
        "credential": credential,
    }

    response = browser.post(reverse("admin_passkey"), fields)

    assert response["Location"].startswith(reverse("admin:login"))


def test_form_of_another_site_is_refused(passkey: Authenticator, browser: Browser) -> None:
    assert browser.post(reverse("admin_passkey"), {}).status_code == 403


def test_signature_from_a_front_end_is_refused(
    passkey: Authenticator, browser: Browser, settings: Any
) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://app.api.example.test"]

    submit(browser, passkey.but(origin="https://app.api.example.test"))

    assert browser.get(INDEX).status_code == 302
    assert login(Browser(), passkey.but(origin="https://app.api.example.test")).status_code == 200


def test_deleted_passkey_ends_the_sign_ins_to_the_admin(admin: User, browser: Browser) -> None:
    owner = Browser()
    owner.sign_in(admin.email)
    lost = enrol(owner, admin)
    enrol(owner, admin)
    submit(browser, lost)
    stored = Passkey.objects.get(credential_id=lost.credential_id)

    owner.call("delete", "passkey", kwargs={"passkey_id": stored.pk})

    assert browser.get(INDEX).status_code == 302


def test_attempts_are_limited(passkey: Authenticator, browser: Browser, rates: Rates) -> None:
    rates(login="1/min")
    submit(browser, passkey.but(flags=USER_PRESENT))

    submit(browser, passkey)

    assert "Too many attempts" in browser.get(reverse("admin:login")).content.decode()
