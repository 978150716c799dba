"""What every page has in common: logo and colour."""

from typing import Any

from django.urls import reverse

from tests.client import Browser


def test_page_has_the_logo_and_the_colour_of_the_settings(settings: Any) -> None:
    settings.PAGES_LOGO, settings.PAGES_ACCENT = "pages/logo.png", "#7c2d12"
    browser = Browser()

    page = browser.get(reverse("jwt_allauth_email_verified")).content.decode()
    css = browser.get(reverse("accent_css"))

    assert "/static/pages/logo.png" in page
    assert reverse("accent_css") in page
    assert css["Content-Type"].startswith("text/css")
    assert "--accent: #7c2d12;" in css.content.decode()


def test_page_links_to_the_front_end_rather_than_to_our_sign_in(settings: Any) -> None:
    settings.FRONTEND_URL = settings.SIGN_IN_URL = "https://app.example.test"

    page = Browser().get(reverse("jwt_allauth_email_verified")).content.decode()

    assert page.count('href="https://app.example.test"') == 2
