"""The colour of the pages is dark enough to be read on white."""

from typing import Any

import pytest
from django.core.checks import run_checks
from django.urls import reverse

from config.settings.pages import to_accent
from core.colours import contrast_with_white
from core.setting_error import SettingError
from tests.client import Browser


@pytest.mark.parametrize(
    ("colour", "contrast"), [("#ffffff", 1.0), ("#000000", 21.0), ("#767676", 4.54)]
)
def test_contrast_is_that_of_wcag(colour: str, contrast: float) -> None:
    assert round(contrast_with_white(colour), 2) == contrast


def test_colour_that_is_too_light_is_refused() -> None:
    with pytest.raises(SettingError, match="must be darker"):
        to_accent("#ffcc00")


@pytest.mark.parametrize("value", ["red", "#fff", "#1d4ed8; }"])
def test_what_is_no_colour_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=value):
        to_accent(value)


def test_logo_that_is_no_file_is_refused(settings: Any) -> None:
    settings.PAGES_LOGO = "pages/nope.svg"

    [problem] = [found for found in run_checks() if found.id == "core.PAGES_LOGO"]

    assert problem.is_serious()


def test_page_without_a_colour_asks_for_no_further_style() -> None:
    page = Browser().get(reverse("jwt_allauth_email_verified")).content.decode()

    assert reverse("accent_css") not in page
