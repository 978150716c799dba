"""The account pages (docs/account-pages.md)."""

from config.settings.base import FRONTEND_URL, INSTALLED_APPS
from config.settings.pages import ACCOUNT_URL

INSTALLED_APPS += ["account_pages"]
# A front end has pages of its own.
SIGN_IN_URL = FRONTEND_URL or "/account/sign-in/"
ACCOUNT_URL = ACCOUNT_URL or ("" if FRONTEND_URL else "/account")
