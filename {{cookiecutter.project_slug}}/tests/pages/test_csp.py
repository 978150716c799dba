"""Every page works under a policy that lets nothing run but files of our own.

``page`` fails a test whose browser has stopped anything, for that goes to its console.
"""

from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from django.urls import include, path, reverse
from django_mail_preview.backends import EmailBackend
from playwright.sync_api import Page, expect

from accounts.models import User
from config.urls import urlpatterns as project
from tests.people import PASSWORD, make_user

urlpatterns = [*project, path("mailbox/", include("django_mail_preview.urls"))]


@pytest.fixture
def admin(page: Page, expected_errors: list[str]) -> Page:
    """Signed in to Django admin, which has no icon, and tells password managers little."""
    expected_errors += ["status of 404", "autocomplete attributes", "Autofocus"]
    user = make_user(role=User.Role.ADMIN, is_superuser=True)
    page.goto(reverse("admin:index"))
    page.fill("[name=username]", user.email)
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Site administration")).to_be_visible()
    return page


def test_pages_of_the_admin_work(admin: Page) -> None:
    for name in ("accounts_user_changelist", "accounts_user_add", "mail_mail_changelist"):
        admin.goto(reverse(f"admin:{name}"))

        expect(admin.locator("#content h1")).to_be_visible()


def test_form_of_the_admin_works(admin: Page) -> None:
    admin.goto(reverse("admin:accounts_user_changelist"))
    admin.locator("#result_list tbody th a").first.click()

    admin.fill("[name=first_name]", "Grace")
    admin.get_by_role("button", name="Save and continue editing").click()

    expect(admin.locator(".messagelist .success")).to_be_visible()
    expect(admin.locator("[name=first_name]")).to_have_value("Grace")


def test_description_is_read_and_an_endpoint_is_tried_out(
    page: Page, expected_errors: list[str]
) -> None:
    expected_errors.append("status of 401")
    page.goto(reverse("docs"))
    login = page.locator(".opblock", has_text=reverse("rest_login"))

    login.locator(".opblock-summary-control").click()
    login.get_by_role("button", name="Try it out").click()
    login.locator("textarea").fill('{"email": "nobody@example.test", "password": "wrong"}')
    login.get_by_role("button", name="Execute").click()

    expect(login.locator(".live-responses-table")).to_contain_text("incorrect_credentials")


def test_e_mail_is_shown_in_the_mailbox(
    page: Page, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As config.settings.csp has it where there is a mailbox.
    monkeypatch.setitem(settings.CONTENT_POLICY, "frame-src", ["'self'"])
    settings.DEBUG = True
    settings.ROOT_URLCONF = __name__
    settings.MAIL_PREVIEW_ROOT = tmp_path
    email = EmailMultiAlternatives("Hello", "Hello", to=["ada@example.test"])
    email.attach_alternative("<p>Good morning</p>", "text/html")
    EmailBackend().send_messages([email])

    page.goto("/mailbox/")
    page.get_by_role("link", name="Hello").first.click()

    expect(page.frame_locator("iframe").get_by_text("Good morning")).to_be_visible()
