"""The account pages in Chromium: each journey once, and every page without barriers."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, Route, expect

from account_pages.tests.pages.steps import (
    OVERVIEW,
    REFUSALS,
    SIGN_IN,
    expect_account,
    expect_heading,
    expect_outcome,
    expect_ready,
    expect_toast,
    grow_old,
    open_account,
    open_page,
    press,
    sign_in,
)
from accounts.models import PendingSecret, Session, User
from tests.authenticator import App, Held, enrol
from tests.client import Browser
from tests.mailbox import emails_to, link_to
from tests.pages.ways import ADDRESS, NEW, refuse_barriers
from tests.people import PASSWORD, make_user


@pytest.fixture(autouse=True)
def mode(settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"


@pytest.fixture
def expected_errors() -> list[str]:
    return [*REFUSALS]


@pytest.fixture
def account(page: Page, user: User) -> Page:
    return open_account(page, user)


# Signing up and in


def test_guest_signs_up_verifies_the_address_and_signs_in(page: Page) -> None:
    page.goto(OVERVIEW)
    page.get_by_role("link", name="Create an account").click()
    expect_heading(page, "Create your account")
    page.fill("#first_name", "Grace")
    page.fill("#last_name", "Hopper")
    page.fill("#email", ADDRESS)
    page.fill("#password1", NEW)
    press(page, "Create account")
    expect_heading(page, "Check your inbox")
    expect(page.get_by_role("main")).to_contain_text(ADDRESS)

    page.goto(link_to(ADDRESS))
    page.get_by_role("main").get_by_role("link", name="Sign in").click()
    sign_in(page, User.objects.get(), NEW)

    expect_account(page)
    expect(page).to_have_url(OVERVIEW)


def test_weak_password_is_told_beside_its_field(page: Page) -> None:
    page.goto(reverse("account_sign_up"))
    expect_ready(page)
    page.fill("#email", ADDRESS)
    page.fill("#password1", "12345678")

    press(page, "Create account")

    expect(page.locator("#password1")).to_be_focused()
    expect(page.locator("#password1")).to_have_accessible_description(re.compile("too common"))
    refuse_barriers(page)


def test_wrong_password_is_told(page: Page, user: User) -> None:
    page.goto(SIGN_IN)

    sign_in(page, user, "wrong")

    expect(page.get_by_role("alert")).to_have_text(
        "The e-mail address or the password is incorrect."
    )
    refuse_barriers(page)


def test_form_that_is_sent_before_its_script_is_ready_waits_for_it(page: Page, user: User) -> None:
    held: list[Route] = []
    page.route("**/api/auth/refresh/", lambda route: held.append(route))
    with page.expect_request("**/api/auth/refresh/"):
        page.goto(SIGN_IN)
    page.fill("#email", user.email)
    page.fill("#password", PASSWORD)

    page.press("#password", "Enter")
    held[0].continue_()

    expect_account(page)


def test_sign_in_leads_to_the_page_that_was_wanted(page: Page, user: User) -> None:
    page.goto(reverse("account_devices"))
    expect_heading(page, "Sign in")

    sign_in(page, user)

    expect_heading(page, "Devices")


@pytest.mark.parametrize("wanted", ["https://evil.test/", "//evil.test/", "javascript:alert(1)"])
def test_sign_in_leads_to_no_other_site(wanted: str, page: Page, user: User) -> None:
    page.goto(f"{SIGN_IN}?next={wanted}")

    sign_in(page, user)

    expect_account(page)


def test_forgotten_password_is_replaced(page: Page, user: User) -> None:
    page.goto(SIGN_IN)
    page.get_by_role("link", name="Forgotten?").click()
    expect_heading(page, "Reset your password")
    page.fill("#email", user.email)
    press(page, "Send the e-mail")
    expect_heading(page, "Check your inbox")

    page.goto(link_to(user.email))
    page.fill("[name=new_password1]", NEW)
    press(page, "Save new password")
    page.get_by_role("link", name="Continue").click()

    expect_account(page)


def test_password_is_shown_on_demand(page: Page, db: None) -> None:
    page.goto(SIGN_IN)
    expect_ready(page)
    page.fill("#password", "secret")

    press(page, "Show the password")

    expect(page.locator("#password")).to_have_attribute("type", "text")


def test_guest_chooses_the_language(page: Page, db: None) -> None:
    page.goto(SIGN_IN)
    expect_ready(page)

    page.get_by_label("Language").select_option("Español")

    expect_heading(page, "Iniciar sesión")
    page.reload()
    expect_heading(page, "Iniciar sesión")


@pytest.mark.parametrize("wanted", [OVERVIEW, reverse("account_devices")])
def test_pages_follow_the_language_of_the_profile_in_every_browser(
    wanted: str, chromium: Chromium, server_url: str, user: User
) -> None:
    User.objects.update(language="de")
    with chromium.new_context(base_url=server_url, locale="es-ES") as context:
        page = context.new_page()
        page.goto(f"{SIGN_IN}?next={wanted}")
        expect_heading(page, "Iniciar sesión")

        page.fill("#email", user.email)
        page.fill("#password", PASSWORD)
        page.press("#password", "Enter")

        expect(page.locator("html")).to_have_attribute("lang", "de")
        expect(page.get_by_role("link", name="Übersicht")).to_be_visible()
        expect(page).to_have_url(wanted)
        page.wait_for_load_state("networkidle")


# The second factor


def test_second_factor_is_asked_for(page: Page, user: User, held: Held) -> None:
    page.goto(SIGN_IN)
    sign_in(page, user)
    expect_heading(page, "Confirm that it is you")
    expect(page.get_by_label("Code", exact=True)).to_be_focused()
    refuse_barriers(page)
    page.fill("#sign-in-code", held.app.wrong_code())
    press(page, "Continue")
    expect(page.get_by_role("alert")).to_contain_text("The code is incorrect")

    page.fill("#sign-in-code", held.app.code())
    press(page, "Continue")

    expect_account(page)


def test_blank_code_is_refused_at_its_field(page: Page, user: User, held: Held) -> None:
    page.goto(SIGN_IN)
    sign_in(page, user)
    expect_heading(page, "Confirm that it is you")
    field = page.locator("#sign-in-code")
    field.fill("   ")

    press(page, "Continue")

    expect(page.locator("#sign-in-code-error")).to_have_text("This field may not be blank.")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()


def test_recovery_code_signs_in(page: Page, user: User, held: Held) -> None:
    page.goto(SIGN_IN)
    sign_in(page, user)
    press(page, "Use a recovery code")
    page.fill("#sign-in-recovery", held.recovery_codes[0])

    press(page, "Continue")

    expect_account(page)


def test_trusted_device_is_listed_and_forgotten(page: Page, user: User, held: Held) -> None:
    page.goto(SIGN_IN)
    sign_in(page, user)
    page.get_by_label("Do not ask again").check()
    page.fill("#sign-in-code", held.app.code())
    press(page, "Continue")
    open_page(page, "Devices")

    page.get_by_role("button", name="Ask again").click()

    expect(page.get_by_text("No device is trusted.")).to_be_visible()
    expect_outcome(page, "The device is asked for the second factor again.", "Trusted devices")


def test_second_factor_is_set_up_where_it_is_required(
    page: Page, user: User, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "required"
    page.goto(SIGN_IN)
    sign_in(page, user)
    expect_heading(page, "Set up a second factor")
    expect(page.locator("#password")).to_have_value("")

    activate(page, page)
    expect_heading(page, "Save your recovery codes")
    refuse_barriers(page)
    press(page, "I have saved them")

    expect_account(page)


def test_set_up_that_fails_leads_back_to_the_password(
    page: Page, user: User, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "required"
    page.route("**/api/auth/mfa/setup/", lambda route: route.fulfill(status=503))
    page.goto(SIGN_IN)

    sign_in(page, user)

    expect(page.locator("#toast")).to_contain_text("could not be reached")
    expect_heading(page, "Sign in")


def activate(page: Page, place: Any) -> App:
    """Types the code of the app that has scanned the secret."""
    secret = place.locator("[data-slot=secret]:visible:not([data-loading])")
    app = App(secret.inner_text().replace(" ", ""))
    place.get_by_label("The six digits that the app shows").locator("visible=true").fill(app.code())
    place.get_by_role("button", name="Turn on").locator("visible=true").click()
    return app


def test_second_factor_is_turned_on_renewed_and_off(account: Page, user: User) -> None:
    open_page(account, "Security")
    press(account, "Set up")
    app = activate(account, account.locator("#set-up-place"))
    expect(account.locator("#codes-place .codes li")).to_have_count(10)
    expect_outcome(account, "The second factor is on.", "Save your recovery codes")
    before = account.locator("#codes-place .codes").inner_text()
    refuse_barriers(account)
    account.set_viewport_size({"width": 1280, "height": 720})

    account.get_by_role("link", name="Overview").click()
    expect_account(account)
    expect(account.get_by_role("main")).to_contain_text(re.compile(r"Second factor.*On", re.S))
    open_page(account, "Security")
    press(account, "Make new codes")
    dialog = account.get_by_role("dialog")
    expect(dialog).to_contain_text("A code of your authenticator app", use_inner_text=True)
    expect(dialog).not_to_contain_text("recovery code", use_inner_text=True)
    account.fill("#second-factor-code", app.code(1))
    press(account, "Continue")
    expect(account.locator("#codes-place .codes")).not_to_have_text(before)
    expect_outcome(
        account, "Your old recovery codes are no longer valid.", "Save your recovery codes"
    )

    press(account, "Turn off")
    account.fill("#turn-off-password", PASSWORD)
    account.get_by_role("dialog").get_by_role("button", name="Turn off").click()
    expect_outcome(account, "The second factor is off.", "Second factor")
    user.refresh_from_db()
    assert not user.has_second_factor


def test_second_factor_is_turned_off_after_setting_a_password(account: Page, user: User) -> None:
    enrol(user)
    User.objects.update(password="!")
    open_page(account, "Security")
    press(account, "Turn off")
    dialog = account.get_by_role("dialog")
    expect(dialog).to_contain_text("Set a password first.")
    expect(dialog.get_by_label("Password", exact=True)).to_be_hidden()
    expect(dialog.get_by_role("button", name="Turn off")).to_be_hidden()
    refuse_barriers(account)
    account.set_viewport_size({"width": 1280, "height": 720})

    press(dialog, "Set a password")

    expect(account.locator("#new_password1")).to_be_focused()


def test_secret_of_the_app_leaves_the_page_when_the_set_up_ends(account: Page, user: User) -> None:
    open_page(account, "Security")
    press(account, "Set up")
    shown = account.locator("#set-up-place [data-slot=secret]:not([data-loading])").inner_text()
    press(account, "Cancel")
    expect(account.get_by_role("button", name="Set up")).to_be_focused()
    assert shown not in account.content()
    assert "svg+xml" not in account.content()

    press(account, "Set up")
    expect(account.locator("#app-activate")).to_be_focused()
    PendingSecret.objects.filter(user=user).delete()
    activate(account, account.locator("#set-up-place"))

    expect(account.locator("#toast")).to_contain_text("The setup was not started")
    expect(account.locator("#set-up-place")).to_be_hidden()
    assert "svg+xml" not in account.content()


def test_app_that_was_activated_in_another_tab_is_shown(account: Page, user: User) -> None:
    open_page(account, "Security")
    press(account, "Set up")
    expect(account.locator("#app-activate")).to_be_focused()
    enrol(user)

    account.fill("#app-activate", "123456")
    press(account, "Turn on")

    expect(account.locator("#set-up-place")).to_be_hidden()
    expect(account.get_by_role("button", name="Set up")).to_be_hidden()
    expect(account.get_by_role("button", name="Turn off")).to_be_visible()


def test_recovery_codes_leave_the_page_when_they_are_saved(account: Page) -> None:
    open_page(account, "Security")
    press(account, "Set up")
    activate(account, account.locator("#set-up-place"))
    expect(account.locator("#codes-place .codes li")).to_have_count(10)
    assert "svg+xml" not in account.content()

    press(account, "I have saved them")

    expect(account.locator(".codes li")).to_have_count(0)
    expect(account.locator("#codes-place")).to_be_hidden()
    expect(account.locator(":focus")).to_have_text("Second factor")


def test_what_was_typed_into_a_dialog_leaves_the_page_with_it(account: Page, user: User) -> None:
    open_page(account, "Security")
    grow_old(user)
    press(account, "Set up")
    account.fill("#again-password", "wrong")
    press(account.locator("#sign-in-again"), "Show the password")
    press(account.locator("#sign-in-again"), "Continue")
    expect(account.locator("#sign-in-again").get_by_role("alert")).not_to_be_empty()
    press(account.locator("#sign-in-again"), "Cancel")
    expect(account.locator("#again-password")).to_have_value("")

    press(account, "Set up")

    expect(account.locator("#sign-in-again .message").first).to_be_empty()
    expect(account.locator("#again-password")).to_have_attribute("type", "password")


def test_recovery_codes_are_downloaded(account: Page, tmp_path: Path) -> None:
    open_page(account, "Security")
    press(account, "Set up")
    activate(account, account.locator("#set-up-place"))

    with account.expect_download() as download:
        account.locator("#codes-place").get_by_role("button", name="Download").click()

    saved = Path(download.value.path()).read_text().split()
    assert saved == account.locator("#codes-place .codes li").all_inner_texts()


# The account


def test_profile_is_changed(account: Page, user: User) -> None:
    open_page(account, "Profile")
    expect(account.locator("#first_name")).to_have_value(user.first_name)
    account.fill("#first_name", "李")
    press(account, "Save changes")

    expect_toast(account, "Saved")
    user.refresh_from_db()
    assert user.first_name == "李"


def test_language_changes_pages_and_e_mails(account: Page, user: User) -> None:
    open_page(account, "Profile")
    account.select_option("#language", "de")
    press(account, "Save changes")

    expect_heading(account, "Profil")
    user.refresh_from_db()
    assert user.language == "de"


def test_address_is_changed_by_the_link_that_it_gets(account: Page, user: User) -> None:
    open_page(account, "Profile")
    account.fill("#new-email", ADDRESS)
    press(account, "Change the address")
    expect(account.locator(".notice")).to_contain_text(ADDRESS)
    expect_toast(account, "We have sent an e-mail to the new address.")
    press(account, "Keep the old address")
    expect(account.locator(".notice")).to_be_hidden()
    expect_outcome(account, "The address stays as it is.", "E-mail address")
    account.fill("#new-email", ADDRESS)
    press(account, "Change the address")
    expect(account.locator(".notice")).to_be_visible()

    account.goto(link_to(ADDRESS))

    user.refresh_from_db()
    assert user.email == ADDRESS


def test_present_address_gets_no_e_mail(account: Page, user: User) -> None:
    open_page(account, "Profile")
    account.fill("#new-email", user.email)
    press(account, "Change the address")

    expect(account.locator("#new-email")).to_have_value("")
    expect(account.locator("#toast")).to_be_empty()
    assert emails_to(user.email) == []


def test_password_is_changed_and_the_session_goes_on(account: Page, user: User) -> None:
    open_page(account, "Security")
    account.fill("#old_password", PASSWORD)
    account.fill("#new_password1", NEW)
    press(account, "Save new password")

    expect_toast(account, "Your password has been changed.")
    open_page(account, "Devices")
    assert Browser().sign_in(user.email, NEW).status_code == 200


def test_user_without_a_password_sets_the_first_one(account: Page, user: User) -> None:
    User.objects.update(password="!")
    account.reload()
    open_page(account, "Security")
    expect(account.locator("#old_password")).to_be_hidden()
    account.fill("#new_password1", NEW)
    press(account, "Set the password")

    expect_toast(account, "Your password has been set.")


def test_action_that_needs_a_recent_sign_in_asks_for_the_password(
    account: Page, user: User
) -> None:
    open_page(account, "Security")
    grow_old(user)
    press(account, "Set up")
    dialog = account.get_by_role("dialog")
    expect(dialog).to_contain_text("Sign in again")
    refuse_barriers(account)
    account.set_viewport_size({"width": 1280, "height": 720})
    account.fill("#again-password", PASSWORD)
    dialog.get_by_role("button", name="Continue").click()

    expect(account.locator("#set-up-place .qr")).to_be_visible()
    expect(dialog).to_be_hidden()
    expect(account.locator("#app-activate")).to_be_focused()


def test_recent_sign_in_asks_for_the_second_factor_too(page: Page, user: User, held: Held) -> None:
    page.goto(SIGN_IN)
    sign_in(page, user)
    page.fill("#sign-in-code", held.app.code())
    press(page, "Continue")
    open_page(page, "Your data")
    grow_old(user)
    press(page, "Download")
    page.fill("#again-password", PASSWORD)
    page.get_by_role("dialog").get_by_role("button", name="Continue").click()
    page.fill("#again-code", held.app.code(1))

    with page.expect_download():
        page.get_by_role("dialog").get_by_role("button", name="Continue").click()


def test_cancelled_sign_in_changes_nothing(account: Page, user: User) -> None:
    open_page(account, "Security")
    grow_old(user)
    press(account, "Set up")
    account.get_by_role("dialog").get_by_role("button", name="Cancel").click()

    expect(account.locator("#set-up-place")).to_be_hidden()
    expect(account.get_by_role("button", name="Set up")).to_be_focused()
    expect_toast(account, "")


def test_another_device_is_signed_out(
    account: Page, user: User, sign_in: Callable[[], Browser]
) -> None:
    other = sign_in()
    open_page(account, "Devices")
    main = account.get_by_role("main")
    main.get_by_role("button", name="Sign out ").click()
    account.get_by_role("dialog").get_by_role("button", name="Sign out").click()

    expect(main.get_by_role("listitem")).to_have_count(1)
    expect_outcome(account, "The device is signed out.", "Signed in")
    assert other.refresh().status_code == 401


def test_all_other_devices_are_signed_out(
    account: Page, user: User, sign_in: Callable[[], Browser]
) -> None:
    sign_in()
    sign_in()
    open_page(account, "Devices")
    press(account, "Sign out all others")
    expect(account.locator("#end-others[aria-busy]")).to_have_count(0)
    # A request without an answer; `unroute` lets it go on.
    account.route("**/api/auth/sessions/*/", lambda route: None)
    with account.expect_request("**/api/auth/sessions/*/"):
        account.get_by_role("dialog").get_by_role("button", name="Sign out").click()
    expect(account.get_by_role("progressbar", name="Sign out all others")).to_be_visible()
    account.unroute("**/api/auth/sessions/*/")

    expect(account.get_by_role("main").get_by_role("listitem")).to_have_count(1)
    expect(account.get_by_role("progressbar")).to_be_hidden()
    expect_outcome(account, "All other devices are signed out.", "Signed in")
    assert Session.objects.filter(user=user).count() == 1


def test_buttons_of_a_row_are_named_after_it(account: Page, sign_in: Callable[[], Browser]) -> None:
    sign_in()
    Session.objects.update(user_agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0")

    open_page(account, "Devices")

    expect(account.get_by_role("button", name="Sign out Firefox on Linux")).to_be_visible()


def test_device_that_has_signed_out_meanwhile_stops_nothing(
    account: Page, user: User, sign_in: Callable[[], Browser], expected_errors: list[str]
) -> None:
    expected_errors.append("status of 404")
    for _ in range(3):
        sign_in()
    open_page(account, "Devices")
    expect(account.get_by_role("main").get_by_role("listitem")).to_have_count(4)
    Session.objects.filter(user=user).order_by("-rotated_at")[0].delete()

    press(account, "Sign out all others")
    account.get_by_role("dialog").get_by_role("button", name="Sign out").click()

    expect(account.get_by_role("main").get_by_role("listitem")).to_have_count(1)


def test_history_has_pages(account: Page, monkeypatch: pytest.MonkeyPatch, user: User) -> None:
    monkeypatch.setattr("accounts.flows.history.HistoryPagination.page_size", 2)
    for _ in range(3):
        Browser().sign_in(user.email)
    open_page(account, "Activity")
    events = account.get_by_role("main").get_by_role("listitem")
    expect(events).to_have_count(2)

    press(account, "Show older events")

    expect(events).to_have_count(4)
    expect(events.nth(2)).to_be_focused()
    expect(account.locator("#more")).to_be_hidden()


def test_data_is_downloaded(account: Page, user: User) -> None:
    open_page(account, "Your data")

    with account.expect_download() as download:
        press(account, "Download")

    data = json.loads(Path(download.value.path()).read_text())
    assert data["profile"]["email"] == user.email


def test_account_is_closed_and_kept(account: Page, user: User) -> None:
    open_page(account, "Your data")
    press(account, "Close the account")
    account.get_by_role("dialog").get_by_role("button", name="Close the account").click()
    expect_heading(account, "Your account is closed")
    refuse_barriers(account)

    account.goto(link_to(user.email))
    press(account, "Reopen my account")
    account.get_by_role("link", name="Sign in").click()
    sign_in(account, user)

    expect_account(account)


def test_dialog_of_the_closing_notices_another_user(account: Page, user: User) -> None:
    open_page(account, "Your data")
    grow_old(user)
    press(account, "Close the account")
    account.get_by_role("dialog").get_by_role("button", name="Close the account").click()
    expect(account.locator("#sign-in-again")).to_be_visible()

    account.get_by_role("button", name="Another way").click()

    expect_heading(account, "Sign in")
    expect(account.locator("#sign-in-again")).not_to_be_attached()


# The session


def test_user_signs_out(account: Page, user: User) -> None:
    press(account, "Sign out")

    expect_heading(account, "Sign in")
    assert not Session.objects.filter(user=user).exists()


def test_sign_out_is_noticed_in_another_tab(account: Page) -> None:
    other = account.context.new_page()
    other.goto(reverse("account_profile"))
    expect_heading(other, "Profile")

    press(other, "Sign out")

    expect_heading(account, "Sign in")
    other.close()


def test_another_user_is_noticed_in_another_tab(account: Page, user: User) -> None:
    other = account.context.new_page()
    other.goto(OVERVIEW)
    expect_account(other)
    press(other, "Sign out")
    expect_heading(other, "Sign in")
    expect_heading(account, "Sign in")

    sign_in(other, someone := make_user())

    expect_account(account)
    expect(account.locator(".head p")).to_have_text(someone.email)
    other.close()


def test_session_that_ended_elsewhere_leads_to_the_sign_in(account: Page, user: User) -> None:
    account.wait_for_load_state("networkidle")
    Session.objects.all().delete()

    account.get_by_role("navigation").get_by_role("link", name="Devices").click()

    expect_heading(account, "Sign in")


def test_server_that_is_away_signs_nobody_out(account: Page) -> None:
    account.route("**/api/auth/refresh/", lambda route: route.fulfill(status=503))
    account.reload()
    expect_heading(account, "This page could not be opened")
    refuse_barriers(account)

    account.unroute("**/api/auth/refresh/")
    account.get_by_role("link", name="Try again").click()

    expect_account(account)


def test_links_keep_the_session_without_a_refresh(account: Page) -> None:
    refreshed: list[str] = []
    account.on("request", lambda request: refreshed.append(request.url))

    for name in ("Profile", "Security", "Devices"):
        open_page(account, name)
    account.go_back()
    expect_heading(account, "Security")

    assert not [url for url in refreshed if url.endswith(reverse("token_refresh"))]
    expect(account.get_by_role("link", name="Security")).to_have_attribute("aria-current", "page")


def test_requests_are_listed_in_development(page: Page, user: User, settings: Any) -> None:
    settings.DEBUG = True
    page.goto(SIGN_IN)
    sign_in(page, user)
    expect_account(page)

    page.get_by_text("Requests of the pages").click()

    lines = page.locator(".drawer li")
    expect(lines.nth(0)).to_have_text(SIGN_IN)
    expect(lines.nth(1)).to_contain_text(f"401 POST {reverse('token_refresh')}")
    drawer = page.locator(".drawer")
    expect(drawer).to_contain_text(f"200 POST {reverse('rest_login')}")
    expect(lines.get_by_text(OVERVIEW, exact=True)).to_have_count(1)
    refuse_barriers(page)
    assert PASSWORD not in drawer.inner_text()


# Every page


@pytest.mark.parametrize(
    "name", ["account_sign_in", "account_sign_up", "account_forgotten_password"]
)
def test_page_for_guests_has_no_barrier(name: str, page: Page, db: None) -> None:
    page.goto(reverse(name), wait_until="networkidle")

    refuse_barriers(page)


@pytest.mark.parametrize(
    "name", ["Overview", "Profile", "Security", "Devices", "Activity", "Your data"]
)
def test_page_of_the_account_has_no_barrier(name: str, account: Page) -> None:
    account.get_by_role("navigation").get_by_role("link", name=name).click()
    account.wait_for_load_state("networkidle")

    refuse_barriers(account)


MEASURE = """
() => {
  const files = performance.getEntriesByType("resource").filter((file) =>
    file.name.includes("/static/"));
  const size = files.reduce((sum, file) => sum + file.decodedBodySize, 0);
  return { size: size + document.documentElement.outerHTML.length, shift: window.shifted };
}
"""
WATCH = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


def test_first_page_is_small_and_stays_in_its_place(page: Page, db: None) -> None:
    page.add_init_script(WATCH)
    page.goto(SIGN_IN, wait_until="networkidle")

    measured = page.evaluate(MEASURE)

    # In production, compressed files are a third of that.
    assert measured["size"] < 75_000
    assert measured["shift"] < 0.001
