from typing import Any

import pytest

from accounts.models import User
from api_tokens import scopes


@pytest.fixture(autouse=True)
def _shop(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project with two scopes, one of them for staff."""
    settings.ROOT_URLCONF = "api_tokens.tests.shop"
    settings.API_TOKEN_PREFIX = "shop"
    monkeypatch.setattr(scopes, "_roles", {})
    scopes.register("orders:read")
    scopes.register("orders:write", roles=[User.Role.STAFF, User.Role.ADMIN])
