"""Verification: the link in a letter shows that a mailbox belongs to an account."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.urls import reverse

from accounts.models import Session, User
from tests.client import Browser
from tests.clock import later
from tests.mailbox import link_to
from tests.people import make_user
from tests.queries import statements

pytestmark = pytest.mark.django_db

ADDRESS = "new@example.test"
DAY = 86_400
VERIFIED = reverse("jwt_allauth_email_verified")


@pytest.fixture
def link(browser: Browser) -> str:
    """The link of somebody who has just signed up."""
    browser.sign_up(ADDRESS)
    return link_to(ADDRESS)


def is_verified() -> bool:
    return User.objects.get(email=ADDRESS).email_verified


def test_link_verifies_and_leads_to_a_page(browser: Browser, link: str) -> None:
    response = browser.get(link)

    assert (response.status_code, response["Location"]) == (302, VERIFIED)
    assert is_verified()
    assert browser.get(VERIFIED).status_code == 200


def test_link_leads_to_the_front_end_where_there_is_one(
    browser: Browser, link: str, settings: Any
) -> None:
    settings.EMAIL_VERIFIED_REDIRECT = "https://app.example.test/welcome"

    assert browser.get(link)["Location"] == "https://app.example.test/welcome"


def test_verifying_signs_nobody_in_and_sets_no_cookie(browser: Browser, link: str) -> None:
    response = browser.get(link)

    assert not response.cookies
    assert not Session.objects.exists()


def test_scanner_that_was_there_before_is_in_nobodys_way(browser: Browser, link: str) -> None:
    scanner = Browser()
    assert scanner.head(link).status_code == 200
    assert not is_verified(), "HEAD changes nothing"
    scanner.get(link)
    scanner.get(link)

    assert browser.get(link)["Location"] == VERIFIED
    assert browser.sign_in(ADDRESS).status_code == 200


def test_answers_to_a_link_are_not_kept_and_tell_no_referrer(browser: Browser, link: str) -> None:
    for response in (browser.get(link), browser.get(link[:-2] + "/")):
        assert response["Cache-Control"] == "no-store"
        assert response["Referrer-Policy"] == "no-referrer"


def test_button_comes_first_where_scanners_open_links(
    browser: Browser, link: str, settings: Any
) -> None:
    settings.JWT_ALLAUTH_CONFIRM_EMAIL_ON_GET = False

    page = browser.get(link)

    assert page.status_code == 200
    assert ADDRESS in page.content.decode()
    assert not is_verified()
    assert browser.post(link)["Location"] == VERIFIED
    assert is_verified()


def test_button_works_without_any_cookie(link: str, settings: Any) -> None:
    settings.JWT_ALLAUTH_CONFIRM_EMAIL_ON_GET = False

    assert Browser().post(link).status_code == 302


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("key", ["x", "sign_up.x", "sign_up.", "invitation.x", "a.b:c", "%00", "é"])
def test_bad_key_is_a_page_that_says_so(
    key: str, method: str, browser: Browser, settings: Any
) -> None:
    settings.JWT_ALLAUTH_INVITATIONS = True

    response = getattr(browser, method)(f"/api/auth/registration/verification/{key}/")

    assert response.status_code == 400
    assert "no longer valid" in response.content.decode()
    assert response["Referrer-Policy"] == "no-referrer"


def test_changed_key_is_a_bad_one(browser: Browser, link: str) -> None:
    body, dot, signature = link.rstrip("/").rpartition(":")
    forged = "A" if signature[0] != "A" else "B"

    assert browser.get(f"{body}{dot}{forged}{signature[1:]}/").status_code == 400
    assert not is_verified()


def test_key_for_one_purpose_is_none_for_another(browser: Browser, link: str) -> None:
    response = browser.get(link.replace("sign_up.", "email_change."))

    assert response.status_code == 400


def test_link_lives_three_days_from_the_request(browser: Browser, link: str) -> None:
    with later(3 * DAY - 5):
        assert browser.get(link).status_code == 302
    with later(3 * DAY + 1):
        assert browser.get(link).status_code == 400


@pytest.mark.parametrize("change", [{"is_active": False}, {"email": "moved@example.test"}])
def test_link_dies_with_what_it_was_made_for(
    change: dict[str, Any], browser: Browser, link: str
) -> None:
    User.objects.update(**change)

    assert browser.get(link).status_code == 400
    assert not User.objects.get().email_verified


def test_link_dies_with_the_password(browser: Browser, link: str) -> None:
    user = User.objects.get()
    user.set_password("another good pass phrase")
    user.save()

    assert browser.get(link).status_code == 400


def test_link_dies_with_the_account(browser: Browser, link: str) -> None:
    User.objects.all().delete()

    assert browser.get(link).status_code == 400


@pytest.mark.parametrize(
    "path", ["verified/", "account_email_verification_sent/", "verification/sign_up.x/"]
)
def test_without_verification_there_is_nothing_here(
    path: str, browser: Browser, settings: Any
) -> None:
    settings.EMAIL_VERIFICATION = "False"

    assert browser.get(f"/api/auth/registration/{path}").status_code == 404


@pytest.mark.parametrize("method", ["get", "head", "post", "put", "delete", "options"])
def test_without_verification_an_old_link_is_nothing_either(
    method: str, browser: Browser, link: str, settings: Any
) -> None:
    settings.EMAIL_VERIFICATION = "none"

    assert getattr(browser, method)(link).status_code == 404
    assert not is_verified()


def test_address_that_allauth_has_as_somebody_elses_is_a_bad_link(
    browser: Browser, link: str
) -> None:
    EmailAddress.objects.create(user=make_user(), email=ADDRESS, verified=True)

    assert browser.get(link).status_code == 400
    assert not is_verified()


def test_built_in_page_is_not_there_beside_a_front_ends(browser: Browser, settings: Any) -> None:
    settings.EMAIL_VERIFIED_REDIRECT = "https://app.example.test/welcome"

    assert browser.get(VERIFIED).status_code == 404


def test_page_says_that_a_letter_is_on_its_way(browser: Browser) -> None:
    response = browser.get(reverse("account_email_verification_sent"))

    assert response.status_code == 200
    assert "script-src 'self'" in response["Content-Security-Policy"]


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_are_refused(method: str, browser: Browser, link: str) -> None:
    assert getattr(browser, method)(link).status_code == 405
    assert not is_verified()


def test_verified_row_of_allauth_says_the_same(browser: Browser, link: str) -> None:
    [before] = User.objects.get().emailaddress_set.values("email", "primary", "verified")
    assert before == {"email": ADDRESS, "primary": True, "verified": False}

    browser.get(link)

    [after] = User.objects.get().emailaddress_set.values("email", "primary", "verified")
    assert after == before | {"verified": True}


def test_link_costs_three_queries_and_opening_it_again_one(browser: Browser, link: str) -> None:
    with statements(3):
        browser.get(link)
    with statements(1):
        browser.get(link)


@pytest.mark.parametrize("name", ["account_email_verification_sent", "jwt_allauth_email_verified"])
def test_page_costs_no_query(name: str, browser: Browser) -> None:
    with statements(0):
        browser.get(reverse(name))


def test_others_are_left_alone(browser: Browser, link: str) -> None:
    other = make_user(email_verified=False)

    browser.get(link)

    other.refresh_from_db()
    assert not other.email_verified
