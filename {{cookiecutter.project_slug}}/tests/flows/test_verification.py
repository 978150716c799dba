"""Verification: the link in an e-mail shows that a mailbox belongs to an account."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.urls import reverse

from accounts.models import Session, User
from tests.client import Browser
from tests.mailbox import link_to
from tests.people import make_user
from tests.queries import statements

pytestmark = pytest.mark.django_db

ADDRESS = "new@example.test"
SENT = reverse("account_email_verification_sent")
VERIFIED = reverse("jwt_allauth_email_verified")


@pytest.fixture
def link(browser: Browser) -> str:
    """The link of a user who has just signed up."""
    browser.sign_up(ADDRESS)
    return link_to(ADDRESS)


def is_verified() -> bool:
    return User.objects.get(email=ADDRESS).email_verified


def test_link_verifies_its_account_alone(browser: Browser, link: str) -> None:
    other = make_user(email_verified=False)

    browser.get(link)

    assert is_verified()
    other.refresh_from_db()
    assert not other.email_verified
    with statements(1):
        browser.get(link)


def test_verifying_signs_nobody_in_and_sets_no_cookie(browser: Browser, link: str) -> None:
    response = browser.get(link)

    assert not response.cookies
    assert not Session.objects.exists()


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("key", ["x", "sign_up.x", "sign_up.", "invitation.x", "a.b:c", "%00", "é"])
def test_bad_key_leads_to_a_page(key: str, method: str, browser: Browser, settings: Any) -> None:
    settings.JWT_ALLAUTH_INVITATIONS = True

    response = getattr(browser, method)(f"/api/auth/registration/verification/{key}/")

    assert response.status_code == 400
    assert "no longer valid" in response.content.decode()
    assert response["Referrer-Policy"] == "no-referrer"


def test_key_for_one_purpose_is_refused_for_another(browser: Browser, link: str) -> None:
    assert browser.get(link.replace("sign_up.", "email_change.")).status_code == 400


def test_address_of_another_row_of_allauth_is_a_bad_link(browser: Browser, link: str) -> None:
    EmailAddress.objects.create(user=make_user(), email=ADDRESS, verified=True)

    assert browser.get(link).status_code == 400
    assert not is_verified()


def test_row_of_allauth_is_verified_too(browser: Browser, link: str) -> None:
    rows = User.objects.get().emailaddress_set.values("email", "primary", "verified")
    assert list(rows) == [{"email": ADDRESS, "primary": True, "verified": False}]

    browser.get(link)

    assert list(rows.all()) == [{"email": ADDRESS, "primary": True, "verified": True}]


@pytest.mark.parametrize("path", [VERIFIED, SENT, VERIFIED.replace("verified", "verification/x")])
def test_without_verification_no_page_exists(path: str, browser: Browser, settings: Any) -> None:
    settings.EMAIL_VERIFICATION = "False"

    assert browser.get(path).status_code == 404


@pytest.mark.parametrize("method", ["get", "head", "post", "put", "delete", "options"])
def test_without_verification_an_old_link_does_not_exist(
    method: str, browser: Browser, link: str, settings: Any
) -> None:
    settings.EMAIL_VERIFICATION = "none"

    assert getattr(browser, method)(link).status_code == 404
    assert not is_verified()


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_are_refused(method: str, browser: Browser, link: str) -> None:
    assert getattr(browser, method)(link).status_code == 405
    assert not is_verified()


@pytest.mark.parametrize("path", [SENT, VERIFIED])
def test_page_costs_no_query(path: str, browser: Browser) -> None:
    with statements(0):
        assert browser.get(path).status_code == 200
