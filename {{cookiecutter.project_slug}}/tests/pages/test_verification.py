"""The page that a link for verification leads to, and the button that may come first."""

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.models import User
from tests.pages.ways import ADDRESS, open_verification

SENT = reverse("account_email_verification_sent")
VERIFIED = reverse("jwt_allauth_email_verified")


@pytest.fixture
def button(page: Page, settings: Any) -> Page:
    """The page with the button, where mail scanners open links."""
    settings.JWT_ALLAUTH_CONFIRM_EMAIL_ON_GET = False
    settings.SIGN_IN_URL = ""
    open_verification(page)
    return page


def is_verified() -> bool:
    return User.objects.get(email=ADDRESS).email_verified


def test_link_leads_to_the_page_that_says_so(page: Page) -> None:
    open_verification(page)

    expect(page).to_have_url(VERIFIED)
    expect(page.get_by_role("heading")).to_have_text("Your e-mail address is verified")
    assert is_verified()


def test_button_is_pressed_by_keyboard_alone(button: Page) -> None:
    assert not is_verified()

    button.keyboard.press("Tab")
    expect(button.get_by_role("button")).to_be_focused()
    button.keyboard.press("Enter")

    expect(button).to_have_url(VERIFIED)
    assert is_verified()


def test_button_leads_to_a_front_end_of_another_origin(
    page: Page, live_server: Any, settings: Any
) -> None:
    # By its other name the same server is another origin, and another site.
    front_end = live_server.url.replace("localhost", "127.0.0.1") + SENT
    settings.EMAIL_VERIFIED_REDIRECT = front_end
    settings.JWT_ALLAUTH_CONFIRM_EMAIL_ON_GET = False
    open_verification(page)

    page.get_by_role("button").click()

    expect(page).to_have_url(front_end)
