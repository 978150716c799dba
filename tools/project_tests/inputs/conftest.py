from typing import Any

import jwt
import pytest

from project_tests.inputs.jwts import Claims
from tests.client import Browser


@pytest.fixture(autouse=True)
def _everything_on(settings: Any) -> None:
    """An endpoint that is switched off answers the same to every input."""
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    settings.JWT_ALLAUTH_INVITATIONS = True


@pytest.fixture(params=["access", "cookie"])
def kind(request: pytest.FixtureRequest) -> str:
    """Which token it is to be, and how a refresh token comes: as a ``cookie`` or in the ``body``.

    How it comes makes no difference to how it is read, as a few tests show.
    """
    return str(request.param)


@pytest.fixture
def claims(kind: str, signed_in: Browser, settings: Any) -> Claims:
    """Those of a good token."""
    token = signed_in.access if kind == "access" else signed_in.refresh_token
    read: Claims = jwt.decode(token, settings.JWT_SIGNING_KEY, ["HS256"])
    return read
