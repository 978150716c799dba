"""The documentation of the API as a page: its colours, and the token that it sends."""

import json
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Locator, Page, expect

from accounts.models import User
from tests.people import PASSWORD


@pytest.fixture
def docs(page: Page) -> Page:
    page.goto(reverse("docs"))
    return page


def operation(docs: Page, name: str, method: str = "post") -> Locator:
    path = docs.locator(f"[data-path='{reverse(name)}']")
    return docs.locator(f".opblock-{method}", has=path)


def execute(found: Locator, body: object = None) -> Locator:
    """Tries the endpoint out, and returns the response."""
    found.locator(".opblock-summary-control").click()
    found.get_by_role("button", name="Try it out").click()
    if body is not None:
        found.locator("textarea").fill(json.dumps(body))
    found.get_by_role("button", name="Execute").click()
    return found.locator(".live-responses-table")


def test_token_of_a_sign_in_is_sent_with_the_next_requests(docs: Page, user: User) -> None:
    login = operation(docs, "rest_login")
    response = execute(login, {"email": user.email, "password": PASSWORD})
    expect(response).to_contain_text("access")

    profile = execute(operation(docs, "rest_user_details", "get"))

    expect(profile).to_contain_text(user.email)


def test_token_is_forgotten_after_the_sign_out(
    docs: Page, user: User, expected_errors: list[str]
) -> None:
    expected_errors.append("status of 401")
    login = operation(docs, "rest_login")
    expect(execute(login, {"email": user.email, "password": PASSWORD})).to_contain_text("access")
    expect(execute(operation(docs, "rest_logout_all"))).to_contain_text("signed out")

    profile = execute(operation(docs, "rest_user_details", "get"))

    expect(profile).to_contain_text("not_authenticated")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_follows_the_colours_of_the_system(page: Page, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(reverse("docs"))
    expect(operation(page, "rest_login")).to_be_visible()

    colour = page.evaluate("() => getComputedStyle(document.documentElement).backgroundColor")

    brightness = sum(map(int, colour.removeprefix("rgb(").removesuffix(")").split(", ")))
    assert (brightness < 200) is (scheme == "dark")
