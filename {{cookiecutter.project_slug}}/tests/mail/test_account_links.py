"""E-mails about an account lead to its pages, where there are some."""

from typing import Any

import pytest

from accounts import emails
from mail import outbox
from mail.messages import Email
from tests.mailbox import emails_to

pytestmark = pytest.mark.django_db

ADDRESS = "ada@example.test"
PAGES: list[tuple[Email, str]] = [
    (emails.new_device, "devices"),
    (emails.refresh_replayed, "devices"),
    (emails.password_changed, "security"),
    (emails.second_factor_on, "security"),
]


def body(email: Email) -> str:
    outbox.post(email, to=ADDRESS, parameters={})
    return str(emails_to(ADDRESS)[-1].body)


@pytest.mark.parametrize(("email", "page"), PAGES)
@pytest.mark.parametrize(
    ("account", "address"),
    [
        ("/account", "https://api.example.test/account"),
        ("https://app.example.test/#/me", "https://app.example.test/#/me"),
    ],
)
def test_email_about_an_account_links_to_its_page(
    email: Email, page: str, account: str, address: str, settings: Any
) -> None:
    settings.ACCOUNT_URL = account

    assert f"\n{address}/{page}/\n" in body(email)


@pytest.mark.parametrize(("email", "page"), PAGES)
def test_without_such_pages_there_is_no_link(email: Email, page: str, settings: Any) -> None:
    settings.ACCOUNT_URL = ""

    assert "https://" not in body(email)


def test_former_address_of_an_account_gets_no_link(settings: Any) -> None:
    settings.ACCOUNT_URL = "/account"

    assert "https://" not in body(emails.address_changed)
