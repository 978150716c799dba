"""The pages as a browser without JavaScript gets them."""

from typing import Any

import pytest
from django.urls import reverse

from account_pages.urls import signed_in, signed_out
from tests.client import Browser

PAGES = [str(each.name) for each in (*signed_out, *signed_in)]


def read(name: str, **headers: str) -> str:
    response = Browser().get(reverse(name), headers=headers)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens_for_everybody_and_is_not_stored(name: str) -> None:
    response = Browser().get(reverse(name))

    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    assert "unsafe" not in response["Content-Security-Policy"]
    assert not response.cookies


@pytest.mark.parametrize("name", PAGES)
def test_no_page_has_inline_code(name: str) -> None:
    page = read(name)

    assert page.count("<script") == page.count('<script type="module" src="') == 1
    assert "<style" not in page
    assert " style=" not in page
    assert " onclick=" not in page


@pytest.mark.parametrize(
    ("language", "heading"), [("de", "Anmelden"), ("es", "Iniciar sesión"), ("xx", "Sign in")]
)
def test_pages_are_in_the_language_of_the_browser(language: str, heading: str) -> None:
    assert f"<h1>{heading}</h1>" in read("account_sign_in", **{"Accept-Language": language})


def test_language_that_was_chosen_counts_more() -> None:
    browser = Browser()
    browser.cookies["django_language"] = "es"

    page = browser.get(reverse("account_sign_in"), headers={"Accept-Language": "de"})

    assert 'lang="es"' in page.content.decode()


def test_form_that_was_sent_before_its_script_was_there_opens_the_page_again() -> None:
    fields = {"email": "ada@example.test", "password": "what was typed"}

    response = Browser().post(reverse("account_sign_in"), fields)

    assert response.status_code == 200
    assert "what was typed" not in response.content.decode()


def test_sign_up_is_not_there_where_users_are_invited(settings: Any) -> None:
    assert reverse("account_sign_up") in read("account_sign_in")

    settings.JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION = True

    assert reverse("account_sign_up") not in read("account_sign_in")
    assert Browser().get(reverse("account_sign_up")).status_code == 404


@pytest.mark.parametrize(
    ("mode", "shown", "turns_off"),
    [("disabled", False, False), ("optional", True, True), ("required", True, False)],
)
def test_second_factor_follows_the_mode(
    mode: str, shown: bool, turns_off: bool, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = mode

    page = read("account_security")

    assert ("Authenticator app" in page) is shown
    assert ('id="turn-off"' in page) is turns_off


def test_old_password_is_asked_for_where_the_api_wants_it(settings: Any) -> None:
    assert "old_password" in read("account_security")

    settings.OLD_PASSWORD_FIELD_ENABLED = False

    assert "old_password" not in read("account_security")


def test_device_is_trusted_for_as_long_as_the_setting_says(settings: Any) -> None:
    settings.MFA_TRUST_LIFETIME = 7 * 86_400
    assert "for 7 days" in read("account_sign_in")

    settings.MFA_TRUST_LIFETIME = 0

    assert "trust_device" not in read("account_sign_in")


def test_requests_of_a_page_are_shown_in_development_only(settings: Any) -> None:
    assert "Requests of the pages" not in read("account_overview")

    settings.DEBUG = True

    assert "Requests of the pages" in read("account_overview")


def test_start_page_leads_to_the_account_in_development_only(settings: Any) -> None:
    assert Browser().get("/").status_code == 404

    settings.DEBUG = True

    assert Browser().get("/")["Location"] == reverse("account_overview")


@pytest.mark.parametrize("name", ["jwt_allauth_email_verified", "account_email_verification_sent"])
def test_pages_of_links_lead_to_the_sign_in(name: str) -> None:
    assert f'href="{reverse("account_sign_in")}"' in read(name)


@pytest.mark.parametrize("name", ["devices", "security"])
def test_pages_that_emails_lead_to_are_there(name: str, settings: Any) -> None:
    assert f"{settings.ACCOUNT_URL}/{name}/" == reverse(f"account_{name}")


def test_pages_count_against_the_rate_limit(rates: Any) -> None:
    rates(anon="1/min")
    browser = Browser()

    assert browser.get(reverse("account_sign_in")).status_code == 200
    assert browser.get(reverse("account_sign_in")).status_code == 429
