"""A passkey as the second factor after a password."""

import uuid
from typing import Any

import jwt
import pytest
from django.utils import timezone

from accounts.models import FailedMfaAttempt, LoginChallenge, Session, TrustedDevice, User
from accounts.services.client import Client
from accounts.services.mfa import trusted_devices
from passkeys.models import PasskeyChallenge
from passkeys.tests.authenticator import USER_PRESENT, Authenticator, encode
from passkeys.tests.steps import begin, enrol, login_options, present, verify
from tests.client import Browser
from tests.flows.steps import challenge_for, refusal, setup_challenge_for
from tests.people import make_user

pytestmark = pytest.mark.django_db

REFUSED = (400, "invalid_code")


@pytest.fixture(autouse=True)
def mode(settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"


@pytest.fixture
def challenge(passkey: Authenticator, user: User) -> str:
    return challenge_for(user)


@pytest.mark.parametrize("switched_to", ["optional", "required"])
def test_passkey_answers_the_challenge(
    switched_to: str, passkey: Authenticator, challenge: str, browser: Browser, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = switched_to

    response = verify(browser, challenge, passkey)

    assert (response.status_code, response.json().keys()) == (200, {"access"})
    claims = jwt.decode(browser.access, options={"verify_signature": False})
    assert claims["amr"] == ["pwd", "pop", "mfa"]
    assert Session.objects.filter(with_second_factor=True).count() == 2
    assert browser.refresh().status_code == 200


def test_user_verification_is_not_needed_after_a_password(
    passkey: Authenticator, challenge: str, browser: Browser
) -> None:
    assert verify(browser, challenge, passkey.but(flags=USER_PRESENT)).status_code == 200


def test_old_security_key_sends_no_user_handle(
    passkey: Authenticator, challenge: str, browser: Browser
) -> None:
    assert verify(browser, challenge, passkey.but(user_handle=b"")).status_code == 200


def test_options_name_the_passkeys_of_the_account(
    passkey: Authenticator, challenge: str, browser: Browser
) -> None:
    asked = browser.call("post", "mfa_verify_passkey_options", {"challenge_id": challenge})

    options = asked.json()["options"]
    assert [row["id"] for row in options["allowCredentials"]] == [encode(passkey.credential_id)]
    assert options["userVerification"] == "discouraged"


@pytest.mark.parametrize(
    "deviation",
    [
        {"origin": "https://evil.example.test"},
        {"rp_id": "evil.example.test"},
        {"flags": 0},
        {"user_handle": uuid.uuid4().bytes},
        {"credential_id": b"unknown"},
        {"key": Authenticator().key},
    ],
    ids=lambda deviation: next(iter(deviation)),
)
def test_signature_that_deviates_is_a_failed_attempt(
    deviation: dict[str, Any], passkey: Authenticator, challenge: str, browser: Browser
) -> None:
    response = verify(browser, challenge, passkey.but(**deviation))

    assert refusal(response) == REFUSED
    assert FailedMfaAttempt.objects.count() == 1


def test_passkey_of_another_account_is_refused(challenge: str, settings: Any) -> None:
    other = make_user()
    browser = Browser()
    browser.sign_in(other.email)
    stranger = enrol(browser, other)

    assert refusal(verify(Browser(), challenge, stranger)) == REFUSED


def test_signature_works_once(passkey: Authenticator, challenge: str, browser: Browser) -> None:
    asked = browser.call("post", "mfa_verify_passkey_options", {"challenge_id": challenge})
    wrong = passkey.but(flags=0).get(asked.json()["options"])
    right = passkey.get(asked.json()["options"])
    present(browser, challenge, wrong)

    assert refusal(present(browser, challenge, right)) == REFUSED
    assert verify(browser, challenge, passkey).status_code == 200
    assert refusal(present(browser, challenge, right)) == (400, "invalid_challenge")


def test_signature_for_a_sign_in_without_a_password_is_refused(
    passkey: Authenticator, challenge: str, browser: Browser
) -> None:
    credential = passkey.get(login_options(browser)["options"])
    browser.call("post", "mfa_verify_passkey_options", {"challenge_id": challenge})

    assert refusal(present(browser, challenge, credential)) == REFUSED


def test_five_failed_attempts_end_the_challenge_and_ten_lock_the_second_factor(
    passkey: Authenticator, challenge: str, user: User
) -> None:
    for _ in range(5):
        verify(Browser(), challenge, passkey.but(flags=0))
    ended = verify(Browser(), challenge, passkey)
    another = challenge_for(user)
    for _ in range(5):
        verify(Browser(), another, passkey.but(flags=0))

    assert refusal(ended) == (400, "invalid_challenge")
    assert verify(Browser(), challenge_for(user), passkey).status_code == 429
    assert FailedMfaAttempt.objects.count() == 10


def test_account_without_a_passkey_has_no_options(user: User, held: Any) -> None:
    challenge = challenge_for(user)

    asked = Browser().call("post", "mfa_verify_passkey_options", {"challenge_id": challenge})

    assert refusal(asked) == (400, "no_passkey")


@pytest.mark.parametrize("name", ["mfa_verify_passkey_options", "mfa_verify_passkey"])
def test_mode_disabled_switches_it_off(name: str, browser: Browser, settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "disabled"

    assert refusal(browser.call("post", name, {})) == (403, "mfa_disabled")


def test_setup_challenge_is_refused(user: User, settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "required"
    challenge = setup_challenge_for(user)

    asked = Browser().call("post", "mfa_verify_passkey_options", {"challenge_id": challenge})

    assert refusal(asked) == (400, "invalid_challenge")


def test_challenge_is_consumed(passkey: Authenticator, challenge: str, browser: Browser) -> None:
    verify(browser, challenge, passkey)

    assert not LoginChallenge.objects.exists()


@pytest.mark.parametrize("trusts", [True, False])
def test_browser_can_be_trusted_with_a_passkey(
    trusts: bool, passkey: Authenticator, challenge: str, browser: Browser, user: User
) -> None:
    asked = browser.call("post", "mfa_verify_passkey_options", {"challenge_id": challenge})
    credential = passkey.get(asked.json()["options"])
    body = {"challenge_id": challenge, "credential": credential, "trust_device": trusts}

    browser.access = browser.call("post", "mfa_verify_passkey", body).json()["access"]
    browser.sign_out()

    assert ("access" in browser.sign_in(user.email).json()) is trusts


def test_session_of_a_trusted_browser_adds_no_passkey(
    passkey: Authenticator, challenge: str, browser: Browser, user: User
) -> None:
    asked = browser.call("post", "mfa_verify_passkey_options", {"challenge_id": challenge})
    credential = passkey.get(asked.json()["options"])
    body = {"challenge_id": challenge, "credential": credential, "trust_device": True}
    browser.access = browser.call("post", "mfa_verify_passkey", body).json()["access"]
    browser.sign_out()
    browser.sign_in(user.email)

    assert refusal(begin(browser)) == (401, "reauthentication_required")


def test_further_second_factor_ends_trust(
    passkey: Authenticator, signed_in: Browser, user: User
) -> None:
    trusted_devices.trust(user, client=Client(None, ""), now=timezone.now())

    enrol(signed_in, user, credential_id=b"another passkey")

    assert not TrustedDevice.objects.exists()


def test_newer_options_replace_the_former_ones(
    passkey: Authenticator, challenge: str, browser: Browser
) -> None:
    former = browser.call("post", "mfa_verify_passkey_options", {"challenge_id": challenge})
    browser.call("post", "mfa_verify_passkey_options", {"challenge_id": challenge})
    credential = passkey.get(former.json()["options"])

    assert PasskeyChallenge.objects.count() == 1
    assert refusal(present(browser, challenge, credential)) == REFUSED
