"""System checks: the pages reach the API, and no other part has their path."""

from collections.abc import Iterator

from django.conf import settings
from django.core.checks import CheckMessage

from core.checks import as_check, error

# Browsers load static files as they are: the pages and their client have the path in them.
_API = "api/"


def _paths() -> Iterator[CheckMessage]:
    if settings.API_URL != _API:
        yield error("API_URL", f"must be {_API} with the account pages: they call the API there.")
    if settings.ADMIN_URL.split("/")[0] == "account":
        yield error("ADMIN_URL", "must be a path that nothing else uses: account/ has the pages.")


check = as_check("account_pages", _paths)
