"""Bad input to the endpoints of the second factor is 4xx with a body that says why, never 5xx."""

from typing import Any

import pytest

from accounts.models import User
from tests.authenticator import enrol
from tests.client import ACTIVATE, BY_CODE, BY_RECOVERY_CODE, SETUP, Browser
from tests.flows.steps import challenge_for

pytestmark = pytest.mark.django_db

DEACTIVATE, VERIFY, RECOVER = "jwt_allauth_mfa_deactivate", BY_CODE[0], BY_RECOVERY_CODE[0]
FIELDS = {
    SETUP: ("setup_challenge_id",),
    ACTIVATE: ("setup_challenge_id", "code"),
    VERIFY: ("challenge_id", "code"),
    RECOVER: ("challenge_id", "recovery_code"),
    DEACTIVATE: ("password",),
}
JUNK = [
    *(None, True, 7, 1.5, [], {}, ["123456"], {"a": 1}),
    *("", " ", "\x00", "a\x00b", "é:€", "\ud800", ":", "x" * 1_000_000, "0" * 41),
]


@pytest.fixture(autouse=True)
def mode(settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"


def well_formed(name: str, user: User, browser: Browser) -> dict[str, str]:
    """A body that is wrong only in its code or password."""
    values = {"code": "000000", "recovery_code": "00000000", "password": "wrong"}
    if name == ACTIVATE:
        browser.set_up()
    elif name != SETUP:
        enrol(user)
    if "challenge_id" in FIELDS[name]:
        values["challenge_id"] = challenge_for(user)
    return {field: values[field] for field in FIELDS[name] if field in values}


@pytest.mark.parametrize("name", FIELDS)
def test_junk_in_a_field_is_refused(name: str, user: User, signed_in: Browser) -> None:
    body = well_formed(name, user, signed_in)
    for field in FIELDS[name]:
        for junk in JUNK:
            response = signed_in.call("post", name, body | {field: junk})
            assert 400 <= response.status_code < 500, (field, junk)
            assert response.json()
