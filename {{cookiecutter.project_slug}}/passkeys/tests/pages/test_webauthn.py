"""Passkeys in Chromium, with its virtual authenticator."""

import re
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.models import Session, User
from passkeys.models import Passkey
from passkeys.tests.pages.device import Device
from tests.client import Browser
from tests.people import PASSWORD, make_user

CALL = """
async ([path, body, access]) => {
  const headers = { "Content-Type": "application/json" };
  if (access) headers.Authorization = `Bearer ${access}`;
  const response = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  return response.json();
}
"""
CREATE = """
async (options) => {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return (await navigator.credentials.create({ publicKey })).toJSON();
}
"""
GET = """
async (options) => {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return (await navigator.credentials.get({ publicKey })).toJSON();
}
"""
SUGGESTED = """
async (options) => {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  const credential = await navigator.credentials.get({ publicKey, mediation: "conditional" });
  return credential.toJSON();
}
"""
FIELD = '<label>E-mail <input autocomplete="username webauthn" autofocus></label>'


@pytest.fixture
def expected_errors() -> list[str]:
    # The pages of Django admin have no icon.
    return ["status of 404"]


@pytest.fixture
def site(page: Page) -> Page:
    """A page of the server, whose scripts may call the API."""
    page.goto(reverse("jwt_allauth_email_verified"))
    return page


def call(page: Page, name: str, body: dict[str, Any], access: str = "") -> Any:
    return page.evaluate(CALL, [reverse(name), body, access])


def enrol(page: Page, access: str) -> Any:
    asked = call(page, "passkey_options", {}, access)
    credential = page.evaluate(CREATE, asked["options"])
    body = {"challenge_id": asked["challenge_id"], "credential": credential}
    return call(page, "passkeys", body, access)


def sign_in(page: Page, script: str = GET) -> Any:
    asked = call(page, "passkey_login_options", {})
    credential = page.evaluate(script, asked["options"])
    body = {"challenge_id": asked["challenge_id"], "credential": credential}
    return call(page, "passkey_login", body)


@pytest.fixture
def enrolled(site: Page, device: Device, signed_in: Browser) -> dict[str, Any]:
    added: dict[str, Any] = enrol(site, signed_in.access)
    return added


def test_browser_adds_a_passkey(enrolled: dict[str, Any], device: Device, user: User) -> None:
    [held] = device.credentials()

    assert len(enrolled["recovery_codes"]) == 10
    assert enrolled["backed_up"]
    assert held["rpId"] == "localhost"
    assert Passkey.objects.get().user == user


def test_browser_signs_in_with_a_passkey(enrolled: dict[str, Any], site: Page, user: User) -> None:
    answer = sign_in(site)

    assert answer.keys() == {"access"}
    assert Session.objects.filter(user=user).count() == 2
    assert Passkey.objects.get().sign_count > 0


def test_browser_suggests_the_passkey_in_a_field(enrolled: dict[str, Any], site: Page) -> None:
    site.evaluate("(field) => { document.querySelector('main').innerHTML = field; }", FIELD)

    assert sign_in(site, SUGGESTED).keys() == {"access"}


def test_browser_without_user_verification_cannot_sign_in_without_a_password(
    enrolled: dict[str, Any], site: Page, device: Device
) -> None:
    device.verify_users(False)

    with pytest.raises(Exception, match="NotAllowedError"):
        sign_in(site)


def test_browser_answers_the_challenge_of_a_password(
    enrolled: dict[str, Any], site: Page, device: Device, user: User
) -> None:
    device.verify_users(False)
    challenge = call(site, "rest_login", {"email": user.email, "password": PASSWORD})
    asked = call(site, "mfa_verify_passkey_options", {"challenge_id": challenge["challenge_id"]})

    credential = site.evaluate(GET, asked["options"])
    body = {"challenge_id": challenge["challenge_id"], "credential": credential}

    assert call(site, "mfa_verify_passkey", body).keys() == {"access"}


def test_browser_refuses_to_add_a_second_one_on_the_same_device(
    enrolled: dict[str, Any], site: Page, signed_in: Browser
) -> None:
    with pytest.raises(Exception, match="InvalidStateError"):
        enrol(site, signed_in.access)


def test_deleted_passkey_does_not_sign_in(
    enrolled: dict[str, Any], site: Page, signed_in: Browser, expected_errors: list[str]
) -> None:
    expected_errors.append("status of 401")
    signed_in.call("patch", "passkey", {"name": "Laptop"}, kwargs={"passkey_id": enrolled["id"]})
    signed_in.call("delete", "passkey", kwargs={"passkey_id": enrolled["id"]})

    assert sign_in(site)["code"] == "incorrect_credentials"


# Django admin


@pytest.fixture
def admin_with_passkey(site: Page, device: Device, admin: User) -> User:
    browser = Browser()
    browser.sign_in(admin.email)
    enrol(site, browser.access)
    return admin


def test_admin_signs_in_with_a_passkey(page: Page, admin_with_passkey: User) -> None:
    page.goto(reverse("admin:accounts_user_changelist"))

    page.get_by_role("button", name="Sign in with a passkey").click()

    expect(page).to_have_url(re.compile(reverse("admin:accounts_user_changelist")))
    expect(page.locator("#user-tools")).to_contain_text(str(admin_with_passkey))


def test_user_who_is_not_staff_is_refused(page: Page, enrolled: dict[str, Any]) -> None:
    page.goto(reverse("admin:login"))

    page.get_by_role("button", name="Sign in with a passkey").click()

    expect(page.get_by_text("The passkey was not accepted. Try again.")).to_be_visible()


def test_cancelled_passkey_is_told(page: Page, admin_with_passkey: User, device: Device) -> None:
    device.verify_users(False)
    page.goto(reverse("admin:login"))
    expect(page.get_by_text("could not be used")).to_be_hidden()

    page.get_by_role("button", name="Sign in with a passkey").click()

    expect(page.get_by_role("alert")).to_contain_text("could not be used")


def test_stranger_has_no_passkey_for_the_admin(page: Page, device: Device, db: None) -> None:
    make_user()
    page.goto(reverse("admin:login"))

    page.get_by_role("button", name="Sign in with a passkey").click()

    expect(page.get_by_role("alert")).to_contain_text("could not be used")
