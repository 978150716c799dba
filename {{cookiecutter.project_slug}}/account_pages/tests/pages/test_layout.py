"""How the account pages are laid out, in Chromium: narrow screens, and the order of the focus."""

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from account_pages.tests.pages.steps import OVERVIEW, REFUSALS, SIGN_IN, expect_ready
from accounts.models import User
from tests.authenticator import enrol
from tests.client import Browser
from tests.pages.ways import refuse_sideways_scrolling
from tests.people import PASSWORD, make_user

OF_GUESTS = ("sign_in", "sign_up", "forgotten_password")
OF_USERS = ("overview", "profile", "security", "devices", "history", "data")
languages = pytest.mark.parametrize("language", ["en", "de", "es"])


@pytest.fixture(autouse=True)
def mode(settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"


@pytest.fixture
def expected_errors() -> list[str]:
    return [*REFUSALS]


def open_sign_in(page: Page, language: str) -> None:
    page.goto(SIGN_IN)
    expect_ready(page)
    page.locator(".below select").select_option(language)
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect_ready(page)


def send_sign_in(page: Page, user: User) -> None:
    open_sign_in(page, user.language)
    page.fill("#email", user.email)
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")


def refuse_sideways_scrolling_of(page: Page, names: tuple[str, ...], language: str) -> None:
    for name in names:
        page.goto(reverse(f"account_{name}"))
        expect_ready(page)
        expect(page.locator("html")).to_have_attribute("lang", language)
        refuse_sideways_scrolling(page)


@languages
def test_pages_of_guests_do_not_scroll_sideways(language: str, page: Page, db: None) -> None:
    open_sign_in(page, language)

    refuse_sideways_scrolling_of(page, OF_GUESTS, language)


@languages
def test_pages_of_users_do_not_scroll_sideways(language: str, page: Page, db: None) -> None:
    user = make_user(language=language)
    Browser().sign_in(user.email)
    send_sign_in(page, user)
    expect(page).to_have_url(OVERVIEW)
    expect_ready(page)

    refuse_sideways_scrolling_of(page, OF_USERS, language)


@languages
def test_second_factor_does_not_scroll_sideways(
    language: str, page: Page, settings: Any, db: None
) -> None:
    user = make_user(language=language)
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "required"
    send_sign_in(page, user)
    expect(page.locator("[data-step=set-up]")).to_be_visible()
    refuse_sideways_scrolling(page)
    enrol(user)

    send_sign_in(page, user)

    expect(page.locator("[data-step=code]")).to_be_visible()
    refuse_sideways_scrolling(page)


def test_keyboard_reaches_the_password_before_the_link_beside_it(page: Page, db: None) -> None:
    page.goto(SIGN_IN)
    expect_ready(page)
    page.focus("#email")

    page.keyboard.press("Tab")
    expect(page.locator("#password")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Show the password")).to_be_focused()
    page.keyboard.press("Tab")

    expect(page.get_by_role("link", name="Forgotten?")).to_be_focused()


def test_focus_is_seen_where_the_system_chooses_the_colours(page: Page, db: None) -> None:
    page.emulate_media(forced_colors="active")
    page.goto(SIGN_IN)

    page.focus("#email")

    expect(page.locator("#email")).to_have_css("outline-style", "solid")
    expect(page.locator("#email")).to_have_css("outline-width", "3px")
