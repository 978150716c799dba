"""The life of an account at ``make demo``, in a browser: ``journey.py ADDRESS CHROMIUM FOLDER``.

A picture of each step goes to the folder. Needs Playwright (``make browser``).
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyotp
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect, sync_playwright

EMAIL, PASSWORD = "grace@example.test", "a right good pass phrase"
SIZE: ViewportSize = {"width": 1280, "height": 900}
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
# The worker sends e-mails, and a busy machine takes its time.
PATIENCE, PAUSE = 30_000, 200


class Journey:
    """One user with two browsers. The first one has a passkey."""

    def __init__(self, browser: Browser, address: str, folder: Path) -> None:
        self._home, self._folder = address.split("/account/")[0], folder
        self._steps = 0
        self.laptop, self.other = (self._open(browser) for _ in range(2))
        device = self.laptop.context.new_cdp_session(self.laptop)
        device.send("WebAuthn.enable")
        device.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})

    def _open(self, browser: Browser) -> Page:
        return browser.new_context(base_url=self._home, viewport=SIZE).new_page()

    @contextmanager
    def step(self, name: str, page: Page | None = None) -> Iterator[Page]:
        """Takes a picture at its end, also of a failure."""
        page = page or self.laptop
        self._steps += 1
        try:
            yield page
        finally:
            page.screenshot(path=self._folder / f"{self._steps:02}-{name}.png", full_page=True)


def sign_up(journey: Journey) -> None:
    with journey.step("sign-up") as page:
        page.goto("/")
        page.get_by_role("link", name="Create an account").click()
        ready(page, "Create your account")
        page.get_by_label("First name").fill("Grace")
        page.get_by_label("Last name").fill("Hopper")
        page.get_by_label("E-mail address").fill(EMAIL)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
    with journey.step("check-your-inbox"):
        press(page, "Create account")
        ready(page, "Check your inbox")


def verify(journey: Journey) -> None:
    with journey.step("e-mail") as page:
        link = read_link(page, "Verify your e-mail address")
    with journey.step("verified"):
        page.goto(link)
        expect(page.get_by_role("main").get_by_role("link", name="Sign in")).to_be_visible()


def sign_in(journey: Journey) -> None:
    with journey.step("sign-in") as page:
        page.get_by_role("main").get_by_role("link", name="Sign in").click()
        fill_sign_in(page)
    with journey.step("account"):
        press(page, "Sign in")
        ready(page, "Your account")


def add_passkey(journey: Journey) -> str:
    """Returns a recovery code."""
    with journey.step("passkey") as page:
        open_page(page, "Security")
        press(page, "Add a passkey")
        expect(page.get_by_role("button", name="Rename")).to_be_visible()
        return str(page.locator(".codes li:visible").first.inner_text())


def add_second_factor(journey: Journey) -> None:
    with journey.step("second-factor") as page:
        press(page, "Set up")
        secret = page.locator("[data-slot=secret]:visible")
        expect(secret).not_to_have_attribute("data-loading", "")
        code = pyotp.TOTP(secret.inner_text().replace(" ", "")).now()
        page.get_by_role("textbox", name="The six digits that the app shows").fill(code)
    with journey.step("second-factor-on"):
        press(page, "Turn on")
        expect(page.get_by_role("button", name="Turn off")).to_be_visible()


def sign_in_elsewhere(journey: Journey, recovery_code: str) -> None:
    with journey.step("other-device-asks-for-a-code", journey.other) as page:
        page.goto("/account/sign-in/")
        fill_sign_in(page)
        press(page, "Sign in")
        ready(page, "Confirm that it is you")
    with journey.step("other-device-signed-in", page):
        press(page, "Use a recovery code")
        page.get_by_role("textbox", name="Recovery code").fill(recovery_code)
        press(page, "Continue")
        ready(page, "Your account")


def sign_out_elsewhere(journey: Journey) -> None:
    with journey.step("devices") as page:
        open_page(page, "Devices")
        rows = page.get_by_role("list").filter(has_text="This device").get_by_role("listitem")
        expect(rows).to_have_count(2)
    with journey.step("other-device-is-signed-out"):
        rows.get_by_role("button", name="Sign out ").click()
        press(page.get_by_role("dialog"), "Sign out")
        expect(rows).to_have_count(1)
    with journey.step("other-device-has-to-sign-in", journey.other) as other:
        other.reload()
        ready(other, "Sign in")


def close(journey: Journey) -> None:
    with journey.step("close-the-account") as page:
        open_page(page, "Your data")
        press(page, "Close the account")
        expect(page.get_by_role("dialog")).to_be_visible()
    with journey.step("closed"):
        press(page.get_by_role("dialog"), "Close the account")
        ready(page, "Your account is closed")
    with journey.step("e-mail-about-the-closing"):
        read_link(page, "Your account has been closed")


def fill_sign_in(page: Page) -> None:
    ready(page, "Sign in")
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill(PASSWORD)


def read_link(page: Page, subject: str) -> str:
    """Opens an e-mail in the mailbox. Returns the address that its button leads to."""
    page.goto("/mailbox/")
    found = page.get_by_role("link", name=subject)
    for _ in range(PATIENCE // PAUSE):
        if found.count():
            break
        page.wait_for_timeout(PAUSE)
        page.reload()
    found.first.click()
    link = page.frame_locator("iframe").get_by_role("link").first
    return link.get_attribute("href") or ""


def open_page(page: Page, name: str) -> None:
    page.get_by_role("navigation").get_by_role("link", name=name).click()
    ready(page, name)


def ready(page: Page, heading: str) -> None:
    expect(page.get_by_role("heading", level=1).first).to_have_text(heading)
    # Before, buttons do nothing.
    expect(page.locator("#page[aria-busy]")).to_have_count(0)


def press(place: Page | Locator, name: str) -> None:
    place.get_by_role("button", name=name, exact=True).click()


def main(address: str, chromium: str, folder: str) -> None:
    expect.set_options(timeout=PATIENCE)
    with (
        sync_playwright() as playwright,
        # Its sandbox refuses root.
        playwright.chromium.launch(
            executable_path=chromium, chromium_sandbox=os.geteuid() != 0
        ) as browser,
    ):
        journey = Journey(browser, address, Path(folder))
        sign_up(journey)
        verify(journey)
        sign_in(journey)
        recovery_code = add_passkey(journey)
        add_second_factor(journey)
        sign_in_elsewhere(journey, recovery_code)
        sign_out_elsewhere(journey)
        close(journey)


if __name__ == "__main__":
    main(*sys.argv[1:])
