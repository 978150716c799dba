"""Signing in with a provider on the account pages, in Chromium."""

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from account_pages.tests.pages.steps import (
    REFUSALS,
    SIGN_IN,
    expect_account,
    expect_heading,
    expect_outcome,
    expect_ready,
    open_account,
    open_page,
    press,
)
from accounts.models import User
from social_login.demo.provider import DemoProvider
from social_login.models import SocialAccount
from social_login.providers import http
from social_login.tests.conftest import demo_options
from tests.authenticator import enrol
from tests.pages.ways import refuse_barriers


@pytest.fixture
def expected_errors() -> list[str]:
    # The page of the demo provider has no icon.
    return [*REFUSALS, "status of 404"]


@pytest.fixture(autouse=True)
def _switched_on(provider: DemoProvider, settings: Any) -> None:
    http.forget_documents()
    settings.SOCIAL_PROVIDERS = {"oidc": demo_options(provider)}


def sign_in_there(page: Page, email: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("Demo ID")
    page.fill("[name=email]", email)
    page.get_by_role("button").click()


def test_new_user_signs_in(page: Page, db: None) -> None:
    page.goto(f"{SIGN_IN}?next={reverse('account_profile')}")
    expect_ready(page)
    refuse_barriers(page)
    press(page, "Continue with Demo ID")
    sign_in_there(page, "grace@example.test")

    expect_heading(page, "Profile")
    expect(page).to_have_url(reverse("account_profile"))
    assert User.objects.get().email == "grace@example.test"


def test_user_with_a_second_factor_is_asked_for_it(page: Page, user: User, settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    held = enrol(user)
    page.goto(SIGN_IN)
    expect_ready(page)
    press(page, "Continue with Demo ID")
    sign_in_there(page, user.email)
    expect_heading(page, "Confirm that it is you")

    page.fill("#sign-in-code", held.app.code())
    press(page, "Continue")

    expect_account(page)


def test_refused_sign_in_is_told(page: Page, settings: Any, db: None) -> None:
    settings.JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION = True
    page.goto(SIGN_IN)
    expect_ready(page)
    press(page, "Continue with Demo ID")
    sign_in_there(page, "grace@example.test")

    expect(page.locator("#toast")).to_have_text("Only people with an invitation can join.")
    expect(page).to_have_url(SIGN_IN)


def test_account_is_connected_and_disconnected(page: Page, user: User) -> None:
    open_account(page, user)
    open_page(page, "Security")
    press(page, "Connect Demo ID")
    sign_in_there(page, user.email)
    expect_heading(page, "Security")
    assert SocialAccount.objects.get().user == user
    refuse_barriers(page)

    press(page, "Disconnect Demo ID")
    page.get_by_role("dialog").get_by_role("button", name="Disconnect").click()

    expect(page.get_by_role("button", name="Connect Demo ID", exact=True)).to_be_visible()
    expect_outcome(page, "The account is disconnected.", "Connected accounts")
    assert not SocialAccount.objects.exists()
