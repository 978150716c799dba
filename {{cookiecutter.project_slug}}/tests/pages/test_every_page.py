"""Every page is accessible, in each of its states."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests.pages.ways import (
    ADDRESS,
    choose,
    open_invitation,
    open_reopening,
    open_reset,
    open_verification,
    refuse_barriers,
)
from tests.people import make_user

CONFIRM = "account_confirm_email"


def at(path: str) -> Callable[[Page], None]:
    def go(page: Page) -> None:
        page.goto(path)

    return go


def bad_link(path: str, advice: str) -> Callable[[Page], None]:
    def go(page: Page) -> None:
        page.goto(path)
        expect(page.get_by_role("main")).to_contain_text(advice)

    return go


def reset_form(page: Page) -> None:
    open_reset(page, make_user(email=ADDRESS))


def refused_password(page: Page) -> None:
    reset_form(page)
    choose(page, "12345678")
    expect(page.locator("[aria-invalid=true]")).to_be_focused()


def accepted_invitation(page: Page) -> None:
    open_invitation(page)
    choose(page)


def reopened_account(page: Page) -> None:
    open_reopening(page)
    page.get_by_role("button").click()


BAD_LINKS = {
    "reset": bad_link(
        reverse("password_reset_confirm", kwargs={"uidb64": "x", "token": "y"}),
        "request a new link in Gatehouse",
    ),
    "invitation": bad_link(
        reverse(CONFIRM, kwargs={"key": "invitation.x"}), "ask the person who invited you"
    ),
    "reopening": bad_link(
        reverse("user_reopen", kwargs={"token": "reopening.x"}), "already reopened your account"
    ),
    "verification": bad_link(reverse(CONFIRM, kwargs={"key": "sign_up.x"}), "reset your password"),
}
PAGES: dict[str, tuple[Callable[[Page], None], str]] = {
    "e-mail sent": (at(reverse("account_email_verification_sent")), "Check your inbox"),
    "button": (open_verification, "Verify your e-mail address"),
    "verified": (at(reverse("jwt_allauth_email_verified")), "Your e-mail address is verified"),
    "reset": (reset_form, "Set a new password"),
    "refused password": (refused_password, "Set a new password"),
    "reset complete": (
        at(reverse("jwt_allauth_password_reset_complete")),
        "Your new password is set",
    ),
    "invitation": (open_invitation, "Set your password"),
    "closed account": (open_reopening, "Reopen your account"),
    "reopened account": (reopened_account, "Your account has been reopened"),
    "accepted invitation": (accepted_invitation, "Your password is set"),
    **{f"bad {kind}": (go, "This link is no longer valid") for kind, go in BAD_LINKS.items()},
}


@pytest.mark.parametrize("name", PAGES)
def test_page_is_accessible(
    name: str, page: Page, settings: Any, expected_errors: list[str]
) -> None:
    settings.JWT_ALLAUTH_CONFIRM_EMAIL_ON_GET = False
    expected_errors.append("status of 400")
    visit, heading = PAGES[name]

    visit(page)

    expect(page.get_by_role("heading")).to_have_text(heading)
    refuse_barriers(page)
