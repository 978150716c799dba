"""A statement that writes both a challenge and the history writes both, or neither."""

from typing import Any

import pytest

from accounts.models import LoginChallenge, User
from accounts.services import history
from tests.authenticator import enrol
from tests.client import Browser

pytestmark = pytest.mark.django_db


def test_challenge_that_is_not_stored_is_not_shown(
    user: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    enrol(user)

    def fail(*_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(history, "fetch_one", fail)
    with pytest.raises(RuntimeError):
        Browser().sign_in(user.email)

    assert not LoginChallenge.objects.exists()
