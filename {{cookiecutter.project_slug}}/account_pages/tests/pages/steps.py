"""What a user does on the account pages, in Chromium."""

from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Session, User
from tests.people import PASSWORD

SIGN_IN, OVERVIEW = reverse("account_sign_in"), reverse("account_overview")
# A guest's page asks for a session. The other refusals are what tests are about.
REFUSALS = [f"status of {status}" for status in (400, 401, 409, 429, 503)]


def sign_in(page: Page, user: User, password: str = PASSWORD) -> None:
    expect_ready(page)
    page.fill("#email", user.email)
    page.fill("#password", password)
    press(page, "Sign in")


def press(page: Any, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def expect_heading(page: Page, words: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(words)
    expect_ready(page)


def expect_ready(page: Page) -> None:
    """Before, buttons do nothing."""
    expect(page.locator("#page[aria-busy]")).to_have_count(0)


def expect_account(page: Page) -> None:
    expect_heading(page, "Your account")


def expect_toast(page: Page, words: str) -> None:
    expect(page.locator("#toast")).to_have_text(words)


def expect_outcome(page: Page, words: str, heading: str) -> None:
    """It is told, and the focus is on the heading of what it has changed."""
    expect_toast(page, words)
    expect(page.locator(":focus")).to_have_text(heading)


def open_page(page: Page, name: str) -> None:
    page.get_by_role("navigation").get_by_role("link", name=name).click()
    expect_heading(page, name)


def grow_old(user: User) -> None:
    """The sign-in of ``user`` is not recent any more."""
    Session.objects.filter(user=user).update(created_at=timezone.now() - timedelta(hours=1))


def open_account(page: Page, user: User) -> Page:
    """The overview of ``user``, who has just signed in."""
    page.goto(SIGN_IN)
    sign_in(page, user)
    expect_account(page)
    return page
