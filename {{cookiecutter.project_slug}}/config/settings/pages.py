"""The HTML pages: their logo and colour, and where people sign in and find their account."""

import re

from config.env import env
from config.settings.base import FRONTEND_URL
from core.colours import contrast_with_white
from core.setting_error import SettingError


def to_accent(raw: str) -> str:
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", raw):
        raise ValueError(raw)
    if contrast_with_white(raw) < 4.5:
        raise SettingError("must be darker: its contrast with white must be at least 4.5 (WCAG).")
    return raw


# Below static/. An SVG file can have other colours for dark screens.
PAGES_LOGO = env.pattern(
    "PAGES_LOGO", "pages/icon.svg", r"(\w[\w.-]*/)*\w[\w.-]*", "a path below static/"
)
# None: the colours of static/pages/pages.css.
PAGES_ACCENT = env.read("PAGES_ACCENT", to_accent, None, "a colour like #1d4ed8")
# Where pages send people who want to sign in.
SIGN_IN_URL = FRONTEND_URL
# Below it are devices/ and security/, where e-mails lead. Empty: they have no such link.
ACCOUNT_URL = env.web_address("ACCOUNT_URL").rstrip("/")
