"""Signing in with a passkey, without an address and a password."""

import uuid
from datetime import timedelta
from typing import Any

import jwt
import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from passkeys.models import Passkey, PasskeyChallenge
from passkeys.tests.authenticator import (
    BACKED_UP,
    BACKUP_ELIGIBLE,
    USER_PRESENT,
    USER_VERIFIED,
    Authenticator,
    encode,
)
from passkeys.tests.steps import answer, enrol, login, login_options, verify
from tests.client import Browser
from tests.flows.steps import challenge_for, refusal
from tests.limits import Rates
from tests.people import make_user

pytestmark = pytest.mark.django_db

REFUSED = (401, "incorrect_credentials")


@pytest.fixture(autouse=True)
def mode(settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"


def test_options_are_the_same_for_everybody(passkey: Authenticator, browser: Browser) -> None:
    options = login_options(browser)["options"]

    assert options.pop("challenge")
    assert options == {"rpId": "api.example.test", "userVerification": "required"}


def test_form_of_another_site_gets_no_options(browser: Browser) -> None:
    response = browser.post(reverse("passkey_login_options"), "a=b", "text/plain")

    assert response.status_code == 415
    assert not PasskeyChallenge.objects.exists()


@pytest.mark.parametrize("switched_to", ["disabled", "optional", "required"])
def test_passkey_signs_in_as_two_factors(
    switched_to: str, passkey: Authenticator, user: User, browser: Browser, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = switched_to

    response = login(browser, passkey)

    assert (response.status_code, response.json().keys()) == (200, {"access"})
    claims = jwt.decode(browser.access, options={"verify_signature": False})
    assert claims["sub"] == str(user.pk)
    assert claims["amr"] == ["pop", "mfa"]
    assert browser.refresh().status_code == 200


def test_use_is_noted(passkey: Authenticator, browser: Browser) -> None:
    login(browser, passkey.but(sign_count=7))

    stored = Passkey.objects.get()
    assert stored.sign_count == 7
    assert stored.last_used_at is not None


@pytest.mark.parametrize(
    "deviation",
    [
        {"origin": "https://evil.example.test"},
        {"rp_id": "evil.example.test"},
        {"flags": USER_PRESENT},
        {"flags": 0},
        {"client_data": {"type": "webauthn.create"}},
        {"client_data": {"challenge": encode(b"another challenge")}},
        {"client_data": {"crossOrigin": True}},
        {"user_handle": b""},
        {"user_handle": uuid.uuid4().bytes},
        {"credential_id": b"unknown"},
        {"key": Authenticator().key},
    ],
    ids=lambda deviation: next(iter(deviation)),
)
def test_signature_that_deviates_is_refused(
    deviation: dict[str, Any], passkey: Authenticator, browser: Browser
) -> None:
    assert refusal(login(browser, passkey.but(**deviation))) == REFUSED


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "The passkey was not accepted. Try again."),
        ("de", "Der Passkey wurde nicht akzeptiert. Versuchen Sie es erneut."),
        ("es", "No se aceptó la llave de acceso. Inténtelo de nuevo."),
    ],
)
def test_refusal_names_no_address_and_no_password(
    language: str, sentence: str, passkey: Authenticator, browser: Browser
) -> None:
    asked = login_options(browser)
    body = {
        "challenge_id": asked["challenge_id"],
        "credential": passkey.but(flags=0).get(asked["options"]),
    }

    response = browser.call("post", "passkey_login", body, headers={"accept-language": language})

    assert response.json() == {"detail": sentence, "code": "incorrect_credentials"}


def test_unknown_challenge_is_refused(passkey: Authenticator, browser: Browser) -> None:
    asked = login_options(browser)
    credential = passkey.get(asked["options"])

    assert refusal(answer(browser, {"challenge_id": str(uuid.uuid4())}, credential)) == REFUSED


def test_challenge_is_consumed_by_a_failure(passkey: Authenticator, browser: Browser) -> None:
    asked = login_options(browser)
    answer(browser, asked, passkey.but(flags=0).get(asked["options"]))

    assert refusal(answer(browser, asked, passkey.get(asked["options"]))) == REFUSED


def test_replayed_signature_is_refused(passkey: Authenticator, browser: Browser) -> None:
    asked = login_options(browser)
    credential = passkey.get(asked["options"])
    answer(browser, asked, credential)

    assert refusal(answer(Browser(), asked, credential)) == REFUSED


def test_challenge_expires_after_five_minutes(passkey: Authenticator, browser: Browser) -> None:
    asked = login_options(browser)

    with time_machine.travel(timezone.now() + timedelta(minutes=5, seconds=1)):
        assert refusal(answer(browser, asked, passkey.get(asked["options"]))) == REFUSED


def test_challenge_of_an_enrolment_signs_nobody_in(
    passkey: Authenticator, signed_in: Browser, browser: Browser
) -> None:
    asked = signed_in.call("post", "passkey_options", {}).json()

    assert refusal(answer(browser, asked, passkey.get(asked["options"]))) == REFUSED


def test_inactive_account_is_refused(passkey: Authenticator, user: User, browser: Browser) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)

    assert refusal(login(browser, passkey)) == REFUSED


def test_unverified_address_must_be_verified_first(
    passkey: Authenticator, user: User, browser: Browser, settings: Any
) -> None:
    settings.EMAIL_VERIFICATION = "mandatory"
    User.objects.filter(pk=user.pk).update(email_verified=False)

    assert refusal(login(browser, passkey)) == (401, "email_not_verified")


def test_passkey_of_another_user_signs_that_user_in(
    passkey: Authenticator, user: User, browser: Browser
) -> None:
    browser.sign_in(make_user().email)

    login(browser, passkey)

    assert browser.call("get", "rest_user_details").json()["email"] == user.email


def test_sign_count_of_zero_is_normal(
    passkey: Authenticator, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    login(browser, passkey)

    assert login(browser, passkey).status_code == 200
    assert "passkey_sign_count_fell" not in caplog.messages


@pytest.mark.parametrize("count", [6, 7, 0])
def test_sign_count_that_does_not_grow_is_logged_and_locks_nobody_out(
    count: int, passkey: Authenticator, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    login(browser, passkey.but(sign_count=7))

    assert login(browser, passkey.but(sign_count=count)).status_code == 200
    assert "passkey_sign_count_fell" in caplog.messages


def test_login_costs_five_statements(
    passkey: Authenticator, browser: Browser, django_assert_num_queries: Any
) -> None:
    asked = login_options(browser)
    credential = passkey.get(asked["options"])

    # With the savepoint of the test's transaction and its release.
    with django_assert_num_queries(7):
        assert answer(browser, asked, credential).status_code == 200


def test_log_has_the_reason(
    passkey: Authenticator, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    login(browser, passkey.but(flags=0))

    [failed] = [record for record in caplog.records if record.message == "login_failed"]
    assert vars(failed)["reason"] == "invalid_passkey"


def test_app_signs_in_with_its_own_origin(
    signed_in: Browser, user: User, browser: Browser, settings: Any
) -> None:
    origin = "android:apk-key-hash:pNiP5iKyQ8JwgGOaKA1zGPUPJIS-0H1xKCQcfIoGLck"
    passkey = enrol(signed_in, user)
    refused = login(browser, passkey.but(origin=origin))
    settings.PASSKEY_ORIGINS = [origin]

    accepted = login(browser, passkey.but(origin=origin))

    assert (refused.status_code, accepted.status_code) == (401, 200)


def test_challenge_is_a_row_of_its_own(browser: Browser, db: None) -> None:
    login_options(browser)
    login_options(browser)

    assert PasskeyChallenge.objects.count() == 2


def test_passkey_that_has_never_verified_its_user_signs_nobody_in(
    signed_in: Browser, user: User, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    found = enrol(signed_in, user, flags=USER_PRESENT)

    response = login(browser, found.but(flags=USER_PRESENT | USER_VERIFIED))

    assert refusal(response) == REFUSED
    [failed] = [record for record in caplog.records if record.message == "login_failed"]
    assert vars(failed)["reason"] == "user_never_verified"


def test_user_verification_after_a_password_counts_from_then_on(
    signed_in: Browser, user: User, browser: Browser
) -> None:
    key = enrol(signed_in, user, flags=USER_PRESENT).but(flags=USER_PRESENT | USER_VERIFIED)
    verify(Browser(), challenge_for(user), key)

    assert login(browser, key).status_code == 200


@pytest.mark.parametrize("flags", [BACKED_UP, BACKUP_ELIGIBLE, BACKUP_ELIGIBLE | BACKED_UP])
def test_passkey_that_becomes_synchronised_is_refused(
    flags: int, passkey: Authenticator, browser: Browser
) -> None:
    assert refusal(login(browser, passkey.but(flags=passkey.flags | flags))) == REFUSED


def test_synchronised_passkey_signs_in(signed_in: Browser, user: User, browser: Browser) -> None:
    flags = USER_PRESENT | USER_VERIFIED | BACKUP_ELIGIBLE
    passkey = enrol(signed_in, user, flags=flags)

    assert login(browser, passkey.but(flags=flags | BACKED_UP)).status_code == 200
    assert Passkey.objects.get().backed_up


def test_options_have_a_limit_of_their_own(
    browser: Browser, passkey: Authenticator, rates: Rates
) -> None:
    rates(passkey_options="2/min", mfa="2/min")

    for _ in range(2):
        login_options(browser)

    assert browser.call("post", "passkey_login_options", {}).status_code == 429
    assert browser.call("post", "mfa_verify_passkey_options", {}).status_code == 400
