"""Bad input to the second factor's endpoints is 4xx with a body that says why, never 5xx."""

from typing import Any

import pytest
from django.urls import reverse

from accounts.models import FailedMfaAttempt, User
from tests.authenticator import enrol
from tests.client import Browser

pytestmark = pytest.mark.django_db

FIELDS = {
    "jwt_allauth_mfa_setup": ("setup_challenge_id",),
    "jwt_allauth_mfa_activate": ("setup_challenge_id", "code"),
    "jwt_allauth_mfa_verify": ("challenge_id", "code"),
    "jwt_allauth_mfa_verify_recovery": ("challenge_id", "recovery_code"),
    "jwt_allauth_mfa_deactivate": ("password",),
}
JUNK = [
    *(None, True, 7, 1.5, [], {}, ["123456"], {"a": 1}),
    *("", " ", "\x00", "a\x00b", "é:€", "\ud800", ":", "x" * 1_000_000, "0" * 41),
]
BODIES = ["{", "null", "[]", '"code"', "7", '{"code": NaN}', "[" * 20_000, b"\xff\xfe{}"]


@pytest.fixture(autouse=True)
def mode(settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"


def good(name: str, user: User, browser: Browser) -> dict[str, str]:
    """A body that is wrong in its code or password alone, for somebody who may send it now."""
    values = {"code": "000000", "recovery_code": "00000000", "password": "wrong"}
    if name == "jwt_allauth_mfa_activate":
        browser.call("post", "jwt_allauth_mfa_setup", {})
    elif name != "jwt_allauth_mfa_setup":
        enrol(user)
    if "challenge_id" in FIELDS[name]:
        values["challenge_id"] = Browser().sign_in(user.email).json()["challenge_id"]
    return {field: values[field] for field in FIELDS[name] if field in values}


@pytest.mark.parametrize("name", FIELDS)
def test_junk_in_a_field_is_refused(name: str, user: User, signed_in: Browser) -> None:
    body = good(name, user, signed_in)
    for field in FIELDS[name]:
        for junk in JUNK:
            response = signed_in.call("post", name, body | {field: junk})
            assert 400 <= response.status_code < 500, (field, junk)
            assert response.json()


@pytest.mark.parametrize("name", FIELDS)
def test_body_that_is_none_is_refused(name: str, signed_in: Browser) -> None:
    for body in BODIES:
        response = signed_in.call("post", name, body)
        assert response.status_code == 400, body
        assert response.json()


@pytest.mark.parametrize("name", FIELDS)
def test_only_json_is_taken(name: str, signed_in: Browser) -> None:
    response = signed_in.post(
        reverse(name), {"code": "1"}, headers={"Authorization": f"Bearer {signed_in.access}"}
    )

    assert response.status_code == 415


def test_missing_fields_are_named_and_no_guess_is_counted(signed_in: Browser) -> None:
    for name in ("jwt_allauth_mfa_verify", "jwt_allauth_mfa_verify_recovery"):
        assert signed_in.call("post", name, {}).json().keys() == set(FIELDS[name])

    assert not FailedMfaAttempt.objects.exists()
