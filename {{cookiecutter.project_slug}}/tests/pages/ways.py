"""The ways to the pages, by the links of e-mails, and the rules for each page."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from accounts.models import User
from tests.client import Browser
from tests.mailbox import link_to
from tests.people import make_user

NEW = "another good pass phrase"
FIELD = "[name=new_password1]"
SEND = "button:not([type=button])"
ADDRESS = "somebody.whose.address.is.longer.than.a.phone.is.wide@department.example.test"


def open_reset(page: Page, user: User) -> None:
    Browser().call("post", "rest_password_reset", {"email": user.email})
    page.goto(link_to(user.email))


def open_invitation(page: Page) -> None:
    admin = Browser()
    admin.sign_in(make_user(role=User.Role.ADMIN).email)
    admin.call("post", "rest_user_register", {"email": ADDRESS, "role": "USER"})
    page.goto(link_to(ADDRESS))


def open_verification(page: Page) -> None:
    Browser().sign_up(ADDRESS)
    page.goto(link_to(ADDRESS))


def open_reopening(page: Page) -> None:
    browser = Browser()
    browser.sign_in(make_user(email=ADDRESS).email)
    browser.call("post", "user_close", {})
    page.goto(link_to(ADDRESS))


def choose(page: Page, password: str = NEW) -> None:
    """Types a password into the form and sends it."""
    page.fill(FIELD, password)
    page.locator(SEND).click()


def refuse_barriers(page: Page) -> None:
    """Fails where axe finds something, light or dark, or a narrow screen scrolls sideways."""
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    page.emulate_media(color_scheme="dark")
    # Nothing else depends on the colours.
    results = Axe().run(page, options={"runOnly": ["color-contrast"]})
    assert results.violations_count == 0, results.generate_report()
    refuse_sideways_scrolling(page)


def refuse_sideways_scrolling(page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    root = "document.documentElement"
    assert page.evaluate(f"{root}.scrollWidth - {root}.clientWidth") == 0, page.url
