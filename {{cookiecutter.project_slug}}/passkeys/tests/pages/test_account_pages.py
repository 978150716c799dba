"""Passkeys on the account pages, with Chromium's virtual authenticator."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from account_pages.tests.pages.steps import (
    REFUSALS,
    SIGN_IN,
    expect_heading,
    expect_outcome,
    expect_toast,
    grow_old,
    open_account,
    open_page,
    press,
    sign_in,
)
from accounts.models import Session, User
from passkeys.models import Passkey
from passkeys.tests.pages.device import Device, add_device
from tests.authenticator import enrol
from tests.pages.ways import refuse_barriers, refuse_sideways_scrolling
from tests.people import PASSWORD


@pytest.fixture
def expected_errors() -> list[str]:
    return [*REFUSALS]


@pytest.fixture
def security(page: Page, device: Device, user: User) -> Page:
    """The page of a user who has added a passkey."""
    return add_passkey(page, user)


def add_passkey(page: Page, user: User) -> Page:
    open_account(page, user)
    open_page(page, "Security")
    press(page, "Add a passkey")
    expect(page.get_by_role("button", name="Rename")).to_be_visible()
    expect_outcome(page, "The passkey is added.", "Save your recovery codes")
    return page


def test_passkey_is_added_with_recovery_codes(security: Page) -> None:
    codes = security.locator("section", has_text="Passkeys").locator(".codes li:visible")

    expect(codes).to_have_count(10)
    refuse_barriers(security)


def test_codes_that_another_section_has_ended_leave_the_page(security: Page) -> None:
    press(security, "Turn off")
    security.fill("#turn-off-password", PASSWORD)
    security.get_by_role("dialog").get_by_role("button", name="Turn off").click()

    expect_toast(security, "The second factor is off.")
    expect(security.locator(".codes li")).to_have_count(0)
    expect(security.get_by_role("button", name="I have saved them")).to_be_hidden()


def test_what_belongs_to_every_second_factor_is_not_in_the_panel_of_the_app(security: Page) -> None:
    app = security.get_by_role("region", name="Authenticator app")
    every = security.get_by_role("region", name="Second factor")

    expect(every).to_contain_text("Codes that are left: 10")
    expect(every.get_by_role("button", name="Turn off")).to_be_visible()
    expect(app.get_by_role("button")).to_have_text(["Set up"])
    expect(app).not_to_contain_text("Recovery codes")


@pytest.mark.parametrize("language", ["en", "de", "es"])
def test_page_with_a_passkey_does_not_scroll_sideways(
    language: str, security: Page, user: User
) -> None:
    User.objects.update(language=language)
    security.reload()
    expect(security.locator("html")).to_have_attribute("lang", language)
    expect(security.locator("#renew-with-passkey")).to_be_visible()

    refuse_sideways_scrolling(security)


def test_section_has_translations_of_its_own(db: None) -> None:
    german = Client().get(reverse("account_security"), headers={"Accept-Language": "de"})

    assert "Passkey hinzufügen" in german.content.decode()


def test_recovery_codes_leave_the_page_when_they_are_saved(security: Page) -> None:
    press(security, "I have saved them")

    expect(security.locator(".codes li")).to_have_count(0)
    expect(security.locator(":focus")).to_have_text("Passkeys")


def test_passkey_replaces_the_recovery_codes(security: Page) -> None:
    codes = security.locator("section", has_text="Passkeys").locator(".codes")
    before = codes.inner_text()

    press(security, "Make new recovery codes")

    expect(codes).not_to_have_text(before)
    expect(codes.locator("li")).to_have_count(10)
    expect_outcome(
        security, "Your old recovery codes are no longer valid.", "Save your recovery codes"
    )


def test_passkey_is_renamed(security: Page) -> None:
    security.get_by_role("button", name="Rename").click()
    security.fill("#passkey-name", "My laptop")
    security.get_by_role("dialog").get_by_role("button", name="Rename").click()

    expect(security.get_by_role("button", name="Delete My laptop")).to_be_visible()
    expect_outcome(security, "The passkey is renamed.", "Passkeys")
    assert Passkey.objects.get().name == "My laptop"


def test_passkey_is_deleted_after_signing_in_with_it_again(security: Page, user: User) -> None:
    grow_old(user)
    security.get_by_role("button", name="Delete").click()
    security.get_by_role("dialog").get_by_role("button", name="Delete").click()
    press(security, "Sign in with a passkey")

    expect(security.get_by_text("You have no passkey yet.")).to_be_visible()
    expect_outcome(security, "The passkey is deleted.", "Passkeys")
    assert not Passkey.objects.exists()


def test_passkey_is_shown_where_the_second_factor_is_required(
    security: Page, user: User, device: Device
) -> None:
    device.verify_users(False)
    Session.objects.filter(user=user).update(with_second_factor=False)
    open_page(security, "Your data")
    press(security, "Download")
    expect(security.get_by_role("dialog")).to_contain_text("Confirm that it is you")
    refuse_barriers(security)
    security.set_viewport_size({"width": 1280, "height": 720})

    with security.expect_download():
        press(security.get_by_role("dialog"), "Use a passkey")


def test_passkey_is_offered_to_users_who_have_one_only(page: Page, user: User) -> None:
    open_account(page, user)
    open_page(page, "Security")
    grow_old(user)
    with page.expect_response("**/api/auth/passkeys/"):
        press(page, "Set up")
    dialog = page.locator("#sign-in-again")
    expect(dialog).to_be_visible()
    page.wait_for_load_state("networkidle")

    expect(dialog.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
    enrol(user)
    page.fill("#again-password", PASSWORD)
    with page.expect_response("**/api/auth/passkeys/"):
        press(dialog, "Continue")
    expect(page.locator("#again-code")).to_be_focused()
    page.wait_for_load_state("networkidle")

    expect(dialog.get_by_role("button", name="Use a passkey")).to_be_hidden()


def test_sections_follow_what_another_one_has_changed(security: Page, user: User) -> None:
    press(security, "Turn off")
    security.fill("#turn-off-password", PASSWORD)
    press(security.get_by_role("dialog"), "Turn off")

    expect(security.get_by_text("You have no passkey yet.")).to_be_visible()


def test_browser_suggests_the_passkey(security: Page) -> None:
    # The virtual authenticator takes every suggestion at once.
    press(security, "Sign out")

    expect_heading(security, "Security")


@pytest.fixture
def clocked(chromium: Chromium, server_url: str) -> Iterator[Page]:
    """A page whose clock the test moves; a browser does not get its own back."""
    with chromium.new_context(base_url=server_url) as context:
        page = context.new_page()
        page.clock.install()
        yield page


def hide(page: Page, is_hidden: bool) -> None:
    state = f"{{ configurable: true, value: {str(is_hidden).lower()} }}"
    page.evaluate(f"Object.defineProperty(document, 'hidden', {state})")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


@pytest.mark.parametrize("is_hidden", [False, True], ids=["shown", "in the background"])
def test_suggestion_that_is_taken_after_six_minutes_signs_in(
    is_hidden: bool, clocked: Page, user: User
) -> None:
    device = add_device(clocked)
    add_passkey(clocked, user)
    device.touch(False)
    with clocked.expect_response("**/api/auth/passkeys/login/options/"):
        press(clocked, "Sign out")
    expect_heading(clocked, "Sign in")

    hide(clocked, is_hidden)
    with time_machine.travel(timezone.now() + timedelta(minutes=6), tick=True):
        device.touch(True)
        clocked.clock.fast_forward("06:00")
        hide(clocked, False)

        expect_heading(clocked, "Security")


def test_passkey_is_the_second_factor(security: Page, user: User, device: Device) -> None:
    # Without the user's finger, it does not sign in alone.
    device.verify_users(False)
    press(security, "Sign out")
    expect_heading(security, "Sign in")
    sign_in(security, user)
    expect_heading(security, "Confirm that it is you")

    press(security, "Use a passkey")

    expect_heading(security, "Security")


def test_cancelled_passkey_is_told(page: Page, device: Device, db: None) -> None:
    device.verify_users(False)
    page.goto(SIGN_IN)
    expect_heading(page, "Sign in")

    press(page, "Sign in with a passkey")

    expect(page.locator("#toast")).to_contain_text("The passkey could not be used.")


def test_passkey_is_set_up_where_a_second_factor_is_required(
    page: Page, device: Device, user: User, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "required"
    page.goto(f"{SIGN_IN}?next={reverse('account_devices')}")
    sign_in(page, user)
    expect_heading(page, "Set up a second factor")

    press(page, "Add a passkey")
    expect_heading(page, "Save your recovery codes")
    press(page, "I have saved them")

    expect_heading(page, "Devices")
    assert Passkey.objects.get().user == user


def test_page_is_accessible_with_a_passkey(security: Page) -> None:
    security.reload()
    expect(security.get_by_role("button", name="Rename")).to_be_visible()

    refuse_barriers(security)
