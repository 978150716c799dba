"""API tokens on the account pages, in Chromium."""

import re
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Locator, Page, expect

from account_pages.tests.pages.steps import (
    REFUSALS,
    expect_outcome,
    expect_toast,
    grow_old,
    open_account,
    open_page,
    press,
)
from accounts.models import User
from api_tokens import scopes
from api_tokens.models import ApiToken
from api_tokens.secret import SHAPE
from tests.authenticator import enrol
from tests.pages.ways import refuse_barriers
from tests.people import PASSWORD


@pytest.fixture
def expected_errors() -> list[str]:
    return [*REFUSALS]


@pytest.fixture(autouse=True)
def _registered(settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    scopes.register("orders:list")


@pytest.fixture
def security(page: Page, user: User) -> Page:
    open_account(page, user)
    open_page(page, "Security")
    return page


def tokens(page: Page) -> Locator:
    return page.locator("section", has_text="API tokens")


def fill_form(page: Page, name: str = "Nightly export") -> None:
    press(page, "Create a token")
    page.fill("#token-name", name)
    page.get_by_label("orders:read").check()


def create(page: Page, name: str = "Nightly export") -> str:
    fill_form(page, name)
    press(page.get_by_role("dialog"), "Create")
    expect(page.get_by_label("Token", exact=True)).to_have_value(re.compile(SHAPE))
    expect_toast(page, "The token is created.")
    return str(page.get_by_label("Token", exact=True).input_value())


def test_token_is_shown_once(security: Page, user: User) -> None:
    token = create(security)

    row = ApiToken.objects.get(user=user)
    listed = tokens(security).get_by_role("listitem")
    expect(listed).to_contain_text("Nightly export")
    expect(listed).to_contain_text(f"shop_{row.pk}…")
    expect(listed).to_contain_text("orders:read")
    expect(listed).to_contain_text("Not used yet")
    expect(security.get_by_label("Token", exact=True)).to_be_focused()
    assert token.startswith(f"shop_{row.pk}")
    assert (row.expires_at - row.created_at).days == 30
    refuse_barriers(security)

    security.reload()
    expect(listed).to_contain_text("Nightly export")
    assert token not in security.content()
    expect(security.locator("#new-token")).to_be_hidden()


def test_token_is_copied(security: Page) -> None:
    security.context.grant_permissions(["clipboard-read", "clipboard-write"])
    token = create(security)

    press(tokens(security), "Copy")

    expect_toast(security, "Copied")
    assert security.evaluate("navigator.clipboard.readText()") == token
    security.context.clear_permissions()


def test_token_leaves_the_page_when_it_is_saved(security: Page) -> None:
    create(security)

    press(tokens(security), "I have saved it")

    expect(security.locator("#new-token")).to_be_hidden()
    expect(security.locator("#new-token")).to_have_value("")
    expect(security.locator(":focus")).to_have_text("API tokens")


def test_role_decides_which_scopes_are_offered(security: Page) -> None:
    press(security, "Create a token")

    offered = security.get_by_role("dialog").get_by_role("checkbox")
    expect(offered).to_have_count(2)
    expect(security.get_by_label("orders:write")).to_have_count(0)
    refuse_barriers(security)


def test_token_without_a_scope_is_refused_in_the_form(security: Page) -> None:
    press(security, "Create a token")
    security.fill("#token-name", "Nightly export")

    press(security.get_by_role("dialog"), "Create")

    expect(security.get_by_role("dialog").get_by_role("alert")).not_to_be_empty()
    assert not ApiToken.objects.exists()


def test_token_is_deleted(security: Page) -> None:
    create(security)
    press(tokens(security), "Delete Nightly export")
    press(security.get_by_role("dialog"), "Delete")

    expect(security.get_by_text("You have no token yet.")).to_be_visible()
    expect_outcome(security, "The token is deleted.", "API tokens")
    expect(security.get_by_label("Token", exact=True)).to_be_hidden()
    assert not ApiToken.objects.exists()


def test_token_needs_a_recent_sign_in(security: Page, user: User) -> None:
    grow_old(user)
    fill_form(security)
    press(security.get_by_role("dialog"), "Create")
    security.fill("#again-password", PASSWORD)
    press(security.locator("#sign-in-again"), "Continue")

    expect(tokens(security).get_by_role("listitem")).to_have_count(1)


def test_token_needs_the_second_factor(security: Page, user: User) -> None:
    held = enrol(user)
    fill_form(security)
    press(security.get_by_role("dialog"), "Create")
    security.fill("#second-factor-code", held.app.code())
    press(security.locator("#second-factor"), "Continue")

    expect(tokens(security).get_by_role("listitem")).to_have_count(1)


@pytest.mark.parametrize(
    ("debug", "words"), [(True, "see docs/api-tokens.md"), (False, "There is nothing")]
)
def test_page_says_why_no_token_can_be_created(
    debug: bool, words: str, page: Page, user: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scopes, "_roles", {})
    settings.DEBUG = debug
    open_account(page, user)
    page.goto(reverse("account_security"))

    expect(tokens(page)).to_contain_text(words)
    expect(page.get_by_role("button", name="Create a token")).to_have_count(0)
    refuse_barriers(page)
