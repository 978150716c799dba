"""The form that ends a reset and an invitation."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, Request, Route, expect

from accounts.models import User
from tests.client import Browser
from tests.pages.ways import ADDRESS, FIELD, NEW, SEND, choose, open_invitation, open_reset

COMPLETE = reverse("jwt_allauth_password_reset_complete")
SET_NEW = reverse("rest_password_reset_set_new")


@pytest.fixture
def form(page: Page, user: User) -> Page:
    """The form that the link of a reset opens."""
    open_reset(page, user)
    return page


@pytest.fixture
def sent(form: Page) -> Iterator[list[str]]:
    """The passwords that the form sends, as they are sent."""
    bodies: list[str] = []

    def note(request: Request) -> None:
        bodies.extend(filter(None, [request.post_data]))

    form.on("request", note)
    yield bodies
    form.remove_listener("request", note)


def is_signed_in(page: Page) -> bool:
    """Whether a script of the page gets tokens."""
    refresh = "path => fetch(path, { method: 'POST' }).then(response => response.ok)"
    return bool(page.evaluate(refresh, reverse("token_refresh")))


def test_reset_signs_in(form: Page, user: User) -> None:
    expect(form.get_by_role("main")).to_contain_text("signs out every other device")

    choose(form)

    expect(form).to_have_url(COMPLETE)
    expect(form.get_by_role("heading")).to_have_text("Your new password is set")
    expect(form.get_by_role("main")).to_contain_text("Every other device has been signed out")
    expect(form.get_by_role("main")).to_contain_text("You are now signed in with this browser.")
    assert is_signed_in(form)
    assert Browser().sign_in(user.email, NEW).status_code == 200


def test_invitation_signs_in(page: Page) -> None:
    open_invitation(page)

    choose(page)

    heading = page.get_by_role("heading")
    expect(heading).to_have_text("Your password is set")
    expect(heading).to_be_focused()
    expect(page).to_have_title(re.compile("Your password is set"))
    assert is_signed_in(page)
    assert Browser().sign_in(ADDRESS, NEW).status_code == 200


def test_form_leaves_no_way_back_to_a_used_link(form: Page) -> None:
    choose(form)
    expect(form).to_have_url(COMPLETE)

    form.go_back()

    expect(form).to_have_url("about:blank")


def test_refused_password_is_told_beside_its_field(form: Page, expected_errors: list[str]) -> None:
    expected_errors.append("status of 400")
    for password, words in (
        ("", "Enter a password."),
        ("12345678", "This password is too common."),
    ):
        choose(form, password)

        refused = form.locator(FIELD)
        expect(refused).to_have_accessible_description(re.compile(re.escape(words)))
        expect(refused).to_have_attribute("aria-invalid", "true")
        expect(refused).to_be_focused()
        expect(form.locator(".error", has_text=words)).to_be_visible()


def test_refused_password_is_kept_and_can_be_corrected(
    form: Page, expected_errors: list[str]
) -> None:
    expected_errors.append("status of 400")
    choose(form, "12345678")
    expect(form.locator(FIELD)).to_have_attribute("aria-invalid", "true")
    expect(form.locator(FIELD)).to_have_value("12345678")

    form.fill(FIELD, NEW)
    expect(form.locator(FIELD)).to_have_attribute("aria-invalid", "false")
    choose(form)

    expect(form).to_have_url(COMPLETE)


def test_empty_password_is_not_sent(form: Page, sent: list[str]) -> None:
    choose(form, "")

    expect(form.locator(FIELD)).to_be_focused()
    assert sent == []


def test_link_that_has_been_used_is_told(
    form: Page, user: User, expected_errors: list[str]
) -> None:
    user.set_password("set on another device")
    user.save()
    expected_errors.append("status of 401")

    choose(form)

    expect(form.get_by_role("alert")).to_contain_text("The link has expired")
    expect(form.locator(SEND)).to_be_focused()


def test_cookies_that_are_blocked_are_told(form: Page, expected_errors: list[str]) -> None:
    form.context.clear_cookies(name="csrftoken")
    expected_errors.append("status of 403")

    choose(form)

    expect(form.get_by_role("alert")).to_contain_text("Allow cookies for this site")


def answering(**answer: Any) -> Callable[[Route], None]:
    return lambda route: route.fulfill(**answer)


def test_server_that_cannot_take_it_now_is_told(form: Page, expected_errors: list[str]) -> None:
    expected_errors += ["status of 429", "status of 503"]
    for answer, words in (
        (
            {"status": 429, "headers": {"Retry-After": "90"}},
            "Too many attempts. Try again in 2 minutes.",
        ),
        ({"status": 429}, "Too many attempts. Try again in 1 minute."),
        ({"status": 503}, "Something went wrong on our side."),
    ):
        form.route(f"**{SET_NEW}", answering(**answer))

        choose(form)

        expect(form.get_by_role("alert")).to_contain_text(words)


def test_server_that_is_out_of_reach_is_told(form: Page, expected_errors: list[str]) -> None:
    form.context.set_offline(True)
    expected_errors.append("ERR_INTERNET_DISCONNECTED")

    choose(form)

    expect(form.get_by_role("alert")).to_contain_text("The server could not be reached.")


def test_double_click_sends_it_once(form: Page, sent: list[str]) -> None:
    form.fill(FIELD, NEW)

    form.locator(SEND).dblclick()

    expect(form).to_have_url(COMPLETE)
    assert len(sent) == 1


def test_password_can_be_shown_and_hidden(form: Page) -> None:
    show = form.get_by_role("button", name="Show the password")
    show.click()
    expect(form.locator(FIELD)).to_have_attribute("type", "text")
    expect(show).to_have_attribute("aria-pressed", "true")

    show.click()

    expect(form.locator(FIELD)).to_have_attribute("type", "password")


def test_button_says_what_it_does(page: Page, user: User) -> None:
    open_reset(page, user)
    expect(page.locator(SEND)).to_have_text("Save new password")

    open_invitation(page)

    expect(page.locator(SEND)).to_have_text("Set the password")


def test_form_says_that_it_needs_javascript(
    chromium: Chromium, server_url: str, user: User
) -> None:
    with chromium.new_context(base_url=server_url, java_script_enabled=False) as context:
        form = context.new_page()
        open_reset(form, user)

        expect(form.locator("noscript p")).to_be_visible()
        expect(form.locator(SEND)).to_be_disabled()
