"""New recovery codes, confirmed with a passkey."""

from typing import Any

import pytest

from accounts.models import FailedMfaAttempt, User
from passkeys.tests.authenticator import Authenticator
from passkeys.tests.steps import login_options
from tests.client import BY_RECOVERY_CODE, Browser
from tests.flows.steps import challenge_for, refusal
from tests.mailbox import emails_to

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def mode(settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"


def begin(browser: Browser) -> Any:
    return browser.call("post", "passkey_recovery_codes_options", {})


def finish(browser: Browser, credential: dict[str, Any]) -> Any:
    return browser.call("post", "passkey_recovery_codes", {"credential": credential})


def replace(browser: Browser, authenticator: Authenticator) -> Any:
    return finish(browser, authenticator.get(begin(browser).json()["options"]))


def test_passkey_replaces_the_recovery_codes(
    passkey: Authenticator, signed_in: Browser, user: User
) -> None:
    response = replace(signed_in, passkey)

    codes = response.json()["recovery_codes"]
    assert (response.status_code, len(codes)) == (200, 10)
    assert Browser().verify(challenge_for(user), codes[0], BY_RECOVERY_CODE).status_code == 200
    assert "recovery codes" in emails_to(user.email)[-1].subject


def test_former_codes_are_dead(passkey: Authenticator, signed_in: Browser, user: User) -> None:
    former = replace(signed_in, passkey).json()["recovery_codes"]
    replace(signed_in, passkey)

    response = Browser().verify(challenge_for(user), former[0], BY_RECOVERY_CODE)

    assert refusal(response) == (400, "invalid_code")


def test_signature_works_once(passkey: Authenticator, signed_in: Browser) -> None:
    credential = passkey.get(begin(signed_in).json()["options"])
    finish(signed_in, credential)

    assert refusal(finish(signed_in, credential)) == (400, "invalid_code")


def test_signature_that_is_not_valid_is_a_failed_attempt(
    passkey: Authenticator, signed_in: Browser
) -> None:
    assert refusal(replace(signed_in, passkey.but(flags=0))) == (400, "invalid_code")
    assert FailedMfaAttempt.objects.count() == 1


def test_signature_of_a_sign_in_is_refused(passkey: Authenticator, signed_in: Browser) -> None:
    credential = passkey.get(login_options(Browser())["options"])
    begin(signed_in)

    assert refusal(finish(signed_in, credential)) == (400, "invalid_code")


def test_account_without_a_passkey_is_refused(signed_in: Browser) -> None:
    assert refusal(begin(signed_in)) == (400, "no_passkey")


def test_access_token_is_needed(browser: Browser, db: None) -> None:
    assert refusal(begin(browser)) == (401, "not_authenticated")


def test_owner_sees_passkeys_in_the_history(passkey: Authenticator, signed_in: Browser) -> None:
    rows = signed_in.call("get", "user_history").json()["results"]

    assert "A passkey was added." in [row["detail"] for row in rows]
