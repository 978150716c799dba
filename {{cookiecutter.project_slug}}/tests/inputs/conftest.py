from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _everything_on(settings: Any) -> None:
    """An endpoint that is switched off answers the same to every input."""
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    settings.JWT_ALLAUTH_INVITATIONS = True
