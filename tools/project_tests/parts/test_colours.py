"""The colour of the pages is dark enough to be read on white."""

import pytest

from config.settings.pages import to_accent
from core.colours import contrast_with_white
from core.setting_error import SettingError


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
