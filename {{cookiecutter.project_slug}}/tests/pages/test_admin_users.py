"""The pages about users in Django admin, on a desktop and on a phone, in both themes."""

from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.flows import closing
from accounts.models import User
from tests.admin.steps import as_
from tests.authenticator import enrol
from tests.client import Browser
from tests.people import PASSWORD, make_user

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.django_db(transaction=True)

LIST = reverse("admin:accounts_user_changelist")
LONG = "somebody.with-a-very-long-address@department-of-something.example.test"
CHROME = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/130.0.0.0 Safari/537.36"
)


@pytest.fixture
def expected_errors() -> list[str]:
    # Django admin has no icon.
    return ["status of 404"]


@pytest.fixture
def admin_page(admin: User, page: "Page") -> "Page":
    page.goto(reverse("admin:login"))
    page.fill("[name=username]", admin.email)
    page.fill("[name=password]", PASSWORD)
    page.click("[type=submit]")
    return page


@pytest.fixture
def busy(user: User) -> User:
    """A user of whom there is a lot to show."""
    browser = Browser()
    browser.sign_in(user.email)
    browser.change_profile(email="new@example.test")
    enrol(user)
    closing.close(make_user(email=LONG, email_verified=False), now=timezone.now())
    return user


def exceeds(page: "Page") -> bool:
    """Whether the page must be scrolled sideways."""
    width = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    return bool(page.evaluate(width))


def test_list_has_names_and_since_when_users_are_there(admin: User, user: User) -> None:
    User.objects.filter(pk=user.pk).update(first_name="Grace", last_name="Hopper")

    page = as_(admin).get(LIST, {"o": "5"}).content.decode()

    assert "Grace Hopper" in page
    assert "Date joined" in page


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_page_fits_its_screen(width: int, theme: Any, admin_page: "Page", busy: User) -> None:
    admin_page.set_viewport_size({"width": width, "height": 800})
    admin_page.emulate_media(color_scheme=theme)
    page = reverse("admin:accounts_user_change", args=[busy.pk])

    for path in (LIST, page, reverse("admin:accounts_user_invite")):
        admin_page.goto(path)
        assert not exceeds(admin_page), path
    admin_page.goto(LIST)
    for text in (LONG, "Closing until", "New address pending", "MFA"):
        box = admin_page.locator("#result_list").get_by_text(text).first.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= width


@pytest.mark.parametrize("kind", ["securityevent", "session"])
@pytest.mark.parametrize("width", [1100, 390])
def test_list_of_long_user_agents_is_not_cut_off(
    kind: str, width: int, admin_page: "Page", db: None
) -> None:
    Browser(headers={"user-agent": CHROME}).sign_in(make_user(email=LONG).email)
    admin_page.set_viewport_size({"width": width, "height": 800})

    admin_page.goto(reverse(f"admin:accounts_{kind}_changelist"))

    text = admin_page.locator(".field-user_agent", has_text="Mozilla").first.bounding_box()
    assert text is not None
    assert text["x"] + text["width"] <= width


def test_account_is_closed_and_reopened_with_the_buttons_of_its_page(
    admin_page: "Page", user: User
) -> None:
    admin_page.goto(reverse("admin:accounts_user_change", args=[user.pk]))

    admin_page.get_by_role("button", name="Close the account").click()
    assert User.objects.get(pk=user.pk).is_active
    admin_page.get_by_role("button", name="Close the account").click()
    admin_page.get_by_text("Closing until").wait_for()

    admin_page.get_by_role("button", name="Reopen the account").click()
    admin_page.get_by_text("Reopened the account.").wait_for()
    assert User.objects.get(pk=user.pk).is_active
