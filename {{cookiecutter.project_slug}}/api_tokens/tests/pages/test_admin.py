"""Django admin shows a new token of a service account, in a real browser."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.models import User
from api_tokens.secret import SHAPE
from tests.people import PASSWORD, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def expected_errors() -> list[str]:
    # The pages of Django admin have no icon, and tell password managers little.
    return ["status of 404", "autocomplete attributes", "Autofocus"]


def test_administrator_makes_a_token(page: Page, admin: User) -> None:
    robot = make_user(password=None)
    page.goto(reverse("admin:index"))
    page.fill("[name=username]", admin.email)
    page.fill("[name=password]", PASSWORD)
    page.click("[type=submit]")
    page.goto(reverse("admin:api_tokens_apitoken_add"))

    page.click(".field-user .select2-selection")
    page.fill(".select2-search__field", robot.email)
    page.get_by_role("option", name=robot.email).click()
    page.fill("[name=name]", "Import")
    page.select_option("[name=scopes]", "orders:read")
    page.fill("[name=days]", "30")
    page.click("[name=_save]")

    expect(page.locator("#content code")).to_have_text(re.compile(SHAPE))
    expect(page.get_by_role("link", name="All tokens")).to_be_visible()
