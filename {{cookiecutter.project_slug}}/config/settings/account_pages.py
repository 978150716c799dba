"""The account pages (docs/account-pages.md)."""

from config.env import BASE_DIR
from config.settings.base import FRONTEND_URL, INSTALLED_APPS, LOCALE_PATHS
from config.settings.pages import ACCOUNT_URL

INSTALLED_APPS += ["account_pages"]
# The sections of other apps go with these pages, and so do their translations.
LOCALE_PATHS += sorted(BASE_DIR.glob("*/templates/account_sections/locale"))
# A front end has pages of its own.
SIGN_IN_URL = FRONTEND_URL or "/account/sign-in/"
ACCOUNT_URL = ACCOUNT_URL or ("" if FRONTEND_URL else "/account")
