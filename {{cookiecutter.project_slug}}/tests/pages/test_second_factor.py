"""What people see of the second factor: the QR code, pages that end in it, the admin's sign-in."""

import io
import re
from typing import Any

import pyotp
import pytest
import zxingcpp
from django.urls import reverse
from PIL import Image
from playwright.sync_api import Page, expect

from accounts.models import User
from tests.authenticator import App, enrol
from tests.client import Browser
from tests.pages.ways import ADDRESS, choose, open_invitation, open_reset
from tests.people import PASSWORD

COMPLETE = reverse("jwt_allauth_password_reset_complete")
SIGNED_IN = "This browser is signed in already."


@pytest.fixture(autouse=True)
def mode(settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"


def scan(page: Page, image: str, background: str) -> str:
    """What a phone reads that is held before a page with this image."""
    page.set_content(f'<body style="background: {background}; margin: 0">{image}</body>')
    screenshot = Image.open(io.BytesIO(page.locator("svg").screenshot()))
    [code] = zxingcpp.read_barcodes(screenshot)
    return str(code.text)


@pytest.mark.parametrize("background", ["white", "black"])
def test_scanned_qr_code_leads_to_a_login(
    background: str, page: Page, signed_in: Browser, user: User
) -> None:
    shown = signed_in.call("post", "jwt_allauth_mfa_setup", {}).json()

    scanned = scan(page, shown["qr_code"], background)

    assert scanned == shown["provisioning_uri"]
    totp = pyotp.parse_uri(scanned)
    assert (totp.issuer, totp.name) == ("Gatehouse", user.email)
    app = App(totp.secret)
    signed_in.call("post", "jwt_allauth_mfa_activate", {"code": app.code()})
    answer = {**Browser().sign_in(user.email).json(), "code": app.code(+1)}
    assert Browser().call("post", "jwt_allauth_mfa_verify", answer).status_code == 200


@pytest.mark.parametrize("has_second_factor", [True, False])
def test_reset_says_nobody_is_signed_in_where_a_second_factor_is_owed(
    has_second_factor: bool, page: Page, user: User, settings: Any
) -> None:
    if has_second_factor:
        enrol(user)
    else:
        settings.JWT_ALLAUTH_MFA_TOTP_MODE = "required"
    open_reset(page, user)

    choose(page)

    expect(page).to_have_url(COMPLETE)
    expect(page.get_by_role("heading")).to_have_text("Your new password is set")
    expect(page.get_by_role("main")).not_to_contain_text(SIGNED_IN)
    assert "refresh_token" not in {cookie.get("name") for cookie in page.context.cookies()}


@pytest.mark.parametrize(("mode", "is_said"), [("optional", True), ("required", False)])
def test_invitation_says_who_is_signed_in(
    mode: str, is_said: bool, page: Page, settings: Any
) -> None:
    open_invitation(page)
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = mode
    page.reload()

    choose(page)

    expect(page.get_by_role("heading")).to_have_text("Your password is set")
    assert (SIGNED_IN in page.get_by_role("main").inner_text()) is is_said
    assert User.objects.get(email=ADDRESS).has_usable_password()


@pytest.mark.parametrize(
    "options", [{"viewport": {"width": width, "height": 700}} for width in (320, 1280)]
)
def test_admin_signs_in_with_a_code(page: Page, forgiven: list[str]) -> None:
    # Django admin has no icon, and the browser asks for one.
    forgiven.append("status of 404")
    admin = User.objects.create_superuser(email="root@example.test", password=PASSWORD)
    app = enrol(admin).app
    page.goto(reverse("admin:login"))
    page.get_by_label("Email").fill(admin.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Code")).to_have_accessible_description(re.compile("enter a code"))

    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Code").fill(app.code())
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", name="Site administration")).to_be_visible()
