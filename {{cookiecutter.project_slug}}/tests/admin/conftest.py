from typing import Any

import pytest

from accounts.models import User
from tests.authenticator import Held, enrol


@pytest.fixture
def optional_mfa(settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"


@pytest.fixture
def held(admin: User) -> Held:
    """The second factor of ``admin``."""
    return enrol(admin)
