"""The second factor in a browser: the QR code, pages that require it, the admin's sign-in."""

import io
import json
import re
from typing import Any

import pyotp
import pytest
import zxingcpp
from django.urls import reverse
from PIL import Image
from playwright.sync_api import Page, expect

from accounts.api.cookies import REFRESH_COOKIE
from accounts.models import User
from tests.authenticator import App, enrol
from tests.client import Browser
from tests.pages.ways import (
    ADDRESS,
    NEW,
    choose,
    open_invitation,
    open_reset,
    refuse_barriers,
)
from tests.people import PASSWORD, make_user

COMPLETE = reverse("jwt_allauth_password_reset_complete")
SETUP = "jwt_allauth_mfa_setup"
SIGNED_IN = "You are now signed in with this browser."


@pytest.fixture(autouse=True)
def mode(settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"


# The QR code


def scan(page: Page, image: str, *, background: str = "white", width: str = "auto") -> str:
    """What a phone reads that is held before a page with this image."""
    style = f"<style>body {{ background: {background} }} svg {{ width: {width} }}</style>"
    page.set_content(f"{style}{image}")
    screenshot = Image.open(io.BytesIO(page.screenshot()))
    [code] = zxingcpp.read_barcodes(screenshot)
    return str(code.text)


def test_scanned_qr_code_leads_to_a_login(page: Page, signed_in: Browser, user: User) -> None:
    shown = signed_in.call("post", SETUP, {}).json()

    scanned, in_the_dark = (
        scan(page, shown["qr_code"], background=background) for background in ("white", "black")
    )

    assert scanned == in_the_dark == shown["provisioning_uri"]
    totp = pyotp.parse_uri(scanned)
    assert (totp.issuer, totp.name) == ("Gatehouse", user.email)
    app = App(totp.secret)
    signed_in.call("post", "jwt_allauth_mfa_activate", {"code": app.code()})
    answer = {**Browser().sign_in(user.email).json(), "code": app.code(+1)}
    assert Browser().call("post", "jwt_allauth_mfa_verify", answer).status_code == 200


def test_long_names_are_scanned_from_a_small_image(page: Page, settings: Any) -> None:
    settings.MFA_TOTP_ISSUER = "Lamps & Söhne, makers of lights for every lighthouse"
    browser = Browser()
    browser.sign_in(make_user(email=ADDRESS).email)
    shown = browser.call("post", SETUP, {}).json()

    totp = pyotp.parse_uri(scan(page, shown["qr_code"], width="240px"))

    assert (totp.issuer, totp.name) == (settings.MFA_TOTP_ISSUER, ADDRESS)


# A new password


def sign_in_here(page: Page, user: User) -> None:
    page.goto(COMPLETE)
    request = {
        "method": "POST",
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps({"email": user.email, "password": PASSWORD}),
    }
    page.evaluate("([path, request]) => fetch(path, request)", [reverse("rest_login"), request])
    assert has_refresh_cookie(page)


def has_refresh_cookie(page: Page) -> bool:
    return REFRESH_COOKIE in {cookie.get("name") for cookie in page.context.cookies()}


@pytest.mark.parametrize(
    ("mode_then", "has_one", "owed"),
    [("optional", True, "challenge_id"), ("required", False, "setup_challenge_id")],
)
def test_reset_signs_in_no_user_who_needs_a_second_factor(
    mode_then: str, has_one: bool, owed: str, page: Page, user: User, settings: Any
) -> None:
    sign_in_here(page, user)
    if has_one:
        enrol(user)
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = mode_then
    open_reset(page, user)
    expect(page.get_by_role("main")).to_contain_text("signs out every device")

    choose(page)

    expect(page).to_have_url(COMPLETE)
    expect(page.get_by_role("heading")).to_have_text("Your new password is set")
    expect(page.get_by_role("main")).to_contain_text("Every device has been signed out")
    expect(page.get_by_role("main")).not_to_contain_text(SIGNED_IN)
    assert not has_refresh_cookie(page)
    assert owed in Browser().sign_in(user.email, NEW).json()


@pytest.mark.parametrize(("mode_then", "signs_in"), [("optional", True), ("required", False)])
def test_invitation_says_who_is_signed_in(
    mode_then: str, signs_in: bool, page: Page, settings: Any
) -> None:
    open_invitation(page)
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = mode_then
    page.reload()

    choose(page)

    expect(page.get_by_role("heading")).to_have_text("Your password is set")
    assert (SIGNED_IN in page.get_by_role("main").inner_text()) is signs_in
    assert has_refresh_cookie(page) is signs_in
    assert Browser().sign_in(ADDRESS, NEW).status_code == 200


# The sign-in of Django admin


@pytest.fixture
def app(live_server: Any) -> App:
    """The administrator's."""
    return enrol(User.objects.create_superuser(email=ADDRESS, password=PASSWORD)).app


@pytest.fixture
def asked(page: Page, app: App, expected_errors: list[str]) -> Page:
    """The sign-in page after a right password, where it asks for a code."""
    # Django admin has no icon, and the browser asks for one.
    expected_errors.append("status of 404")
    page.goto(reverse("admin:login"))
    page.get_by_label("Email").fill(ADDRESS)
    submit(page, "")
    expect(page.get_by_label("Code")).to_have_accessible_description(re.compile("Enter a code"))
    return page


def submit(page: Page, code: str) -> None:
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Log in").click()


def test_admin_signs_in_with_a_code(asked: Page, app: App) -> None:
    expect(asked.get_by_label("Password")).to_be_focused()

    submit(asked, app.code())

    expect(asked.get_by_role("heading", name="Site administration")).to_be_visible()


def test_admin_sign_in_is_accessible(asked: Page) -> None:
    refuse_barriers(asked)
