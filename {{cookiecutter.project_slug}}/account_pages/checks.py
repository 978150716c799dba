"""System check: the paths of other parts are not those of the pages."""

from collections.abc import Iterator

from django.conf import settings
from django.core.checks import CheckMessage

from core.checks import as_check, error


def _paths() -> Iterator[CheckMessage]:
    for name, path in (("API_URL", settings.API_URL), ("ADMIN_URL", settings.ADMIN_URL)):
        if path.split("/")[0] == "account":
            yield error(name, "must be a path that nothing else uses: account/ has the pages.")


check = as_check("account_pages", _paths)
