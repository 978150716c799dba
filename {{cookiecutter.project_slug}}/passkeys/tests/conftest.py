"""Fixtures of the tests of passkeys."""

import pytest

from accounts.models import User
from passkeys.tests.authenticator import Authenticator
from passkeys.tests.steps import enrol
from tests.client import Browser


@pytest.fixture
def passkey(signed_in: Browser, user: User) -> Authenticator:
    """One that ``user`` has registered in the session of ``signed_in``."""
    return enrol(signed_in, user)
