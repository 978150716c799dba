"""Fixtures of the tests in the browser."""

from typing import Any

import pytest

from account_pages.tests.pages.steps import REFUSALS


@pytest.fixture(autouse=True)
def mode(settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"


@pytest.fixture
def expected_errors() -> list[str]:
    return [*REFUSALS]
