from typing import Any

import jwt
import pytest

from tests.client import Browser
from tests.inputs.jwts import Claims


@pytest.fixture(autouse=True)
def _everything_on(settings: Any) -> None:
    """What is off answers the same to everything."""
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    settings.JWT_ALLAUTH_INVITATIONS = True


@pytest.fixture(autouse=True)
def _cheap_hashes(settings: Any) -> None:
    """A good hash takes its time, thousands of times, and is not what is tested here."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(params=["access", "cookie", "body"])
def kind(request: pytest.FixtureRequest) -> str:
    """Which token it is to be, and how a refresh token comes."""
    return str(request.param)


@pytest.fixture
def claims(kind: str, signed_in: Browser, settings: Any) -> Claims:
    """Those of a good token."""
    token = signed_in.access if kind == "access" else signed_in.refresh_token
    read: Claims = jwt.decode(token, settings.JWT_SIGNING_KEY, ["HS256"])
    return read
