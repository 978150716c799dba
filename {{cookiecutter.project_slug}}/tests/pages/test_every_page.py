"""What holds for every page, each in the states that people see it in."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests.pages.ways import ADDRESS, choose, open_invitation, open_reset, open_verification
from tests.people import make_user

CONFIRM = "account_confirm_email"
BAD_LINKS = {
    "reset": reverse("password_reset_confirm", kwargs={"uidb64": "x", "token": "y"}),
    "invitation": reverse(CONFIRM, kwargs={"key": "invitation.x"}),
    "verification": reverse(CONFIRM, kwargs={"key": "sign_up.x"}),
}
NO_GOOD = "This link is no longer good"


def at(path: str) -> Callable[[Page], None]:
    def go(page: Page) -> None:
        page.goto(path)

    return go


def reset_form(page: Page) -> None:
    open_reset(page, make_user(email=ADDRESS))


def refused_password(page: Page) -> None:
    reset_form(page)
    choose(page, "12345678", "12345678")
    expect(page.locator("[aria-invalid=true]")).to_be_focused()


def accepted_invitation(page: Page) -> None:
    open_invitation(page)
    choose(page)


PAGES: dict[str, tuple[Callable[[Page], None], str]] = {
    "letter sent": (at(reverse("account_email_verification_sent")), "Check your inbox"),
    "button": (open_verification, "Confirm your address"),
    "verified": (at(reverse("jwt_allauth_email_verified")), "Your address is confirmed"),
    "reset": (reset_form, "Set a new password"),
    "refused password": (refused_password, "Set a new password"),
    "reset complete": (
        at(reverse("jwt_allauth_password_reset_complete")),
        "Your new password is set",
    ),
    "invitation": (open_invitation, "Set your password"),
    "accepted invitation": (accepted_invitation, "Your password is set"),
    **{f"bad {kind}": (at(path), NO_GOOD) for kind, path in BAD_LINKS.items()},
}


@pytest.fixture(params=PAGES)
def shown(request: pytest.FixtureRequest, page: Page, settings: Any, forgiven: list[str]) -> Page:
    """Each page in turn."""
    settings.JWT_ALLAUTH_CONFIRM_EMAIL_ON_GET = False
    forgiven.append("status of 400")
    visit, heading = PAGES[request.param]
    visit(page)
    expect(page.get_by_role("heading")).to_have_text(heading)
    return page


@pytest.mark.parametrize(
    "options", [{"color_scheme": "light"}, {"color_scheme": "dark"}], ids=["light", "dark"]
)
def test_axe_finds_nothing_that_keeps_anybody_out(shown: Page) -> None:
    results = Axe().run(shown)

    assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("options", [{"viewport": {"width": 320, "height": 640}}], ids=["320 px"])
def test_narrow_screen_needs_no_scrolling_sideways(shown: Page) -> None:
    root = "document.documentElement"

    assert shown.evaluate(f"{root}.scrollWidth - {root}.clientWidth") == 0


@pytest.mark.parametrize(
    ("kind", "advice"),
    [
        ("reset", "ask for a new one in Gatehouse"),
        ("invitation", "ask the person who invited you"),
        ("verification", "ask for a new password"),
    ],
)
def test_bad_link_says_what_to_do(kind: str, advice: str, page: Page, forgiven: list[str]) -> None:
    forgiven.append("status of 400")

    page.goto(BAD_LINKS[kind])

    expect(page.get_by_role("heading")).to_have_text(NO_GOOD)
    expect(page.get_by_role("main")).to_contain_text(advice)
