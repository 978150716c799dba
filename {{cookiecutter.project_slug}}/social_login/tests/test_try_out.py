"""The page that tries providers out exists in development, without another sign-in."""

from typing import Any

from django.urls import reverse

from social_login.tests.steps import start
from tests.client import Browser


def test_in_development_it_has_a_button_for_each_provider(guest: Browser, settings: Any) -> None:
    settings.DEBUG, settings.SIGN_IN_URL = True, ""

    page = guest.get(reverse("social_try_out")).content.decode()

    assert "Continue with Demo ID" in page


def test_in_production_it_does_not_exist(guest: Browser, settings: Any) -> None:
    settings.SIGN_IN_URL = ""

    assert guest.get(reverse("social_try_out")).status_code == 404


def test_beside_another_sign_in_it_does_not_exist(guest: Browser, settings: Any) -> None:
    settings.DEBUG, settings.SIGN_IN_URL = True, "https://app.example.test"

    assert guest.get(reverse("social_try_out")).status_code == 404


def test_on_localhost_the_cookie_needs_no_https(guest: Browser, settings: Any) -> None:
    settings.DEBUG = True
    start(guest)

    assert not guest.cookies["social_login"]["secure"]
