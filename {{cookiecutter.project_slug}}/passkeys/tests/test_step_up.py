"""A passkey in a session: then the account can be closed and exported."""

from collections.abc import Callable
from typing import Any

import jwt
import pytest

from accounts.models import FailedMfaAttempt, Session, TrustedDevice, User
from passkeys.models import Passkey
from passkeys.tests.authenticator import Authenticator
from passkeys.tests.steps import enrol, login_options
from tests.client import Browser
from tests.clock import later
from tests.flows.steps import refusal, signed_in_as
from tests.queries import statements
from tests.races.concurrency import at_once, overtaken

pytestmark = pytest.mark.django_db

REFUSED = (400, "invalid_code")


@pytest.fixture(autouse=True)
def mode(settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"


@pytest.fixture
def session(passkey: Authenticator, signed_in: Browser) -> Browser:
    """A browser whose session has shown no second factor."""
    Session.objects.update(with_second_factor=False, methods=["pwd"])
    return signed_in


def begin(browser: Browser) -> Any:
    return browser.call("post", "passkey_step_up_options", {})


def finish(browser: Browser, credential: dict[str, Any]) -> Any:
    return browser.call("post", "passkey_step_up", {"credential": credential})


def step_up(browser: Browser, authenticator: Authenticator) -> Any:
    return finish(browser, authenticator.get(begin(browser).json()["options"]))


def signed_in_again(browser: Browser) -> Browser:
    """With an access token of the same session: the former one has expired."""
    Session.objects.update(with_second_factor=True)
    browser.refresh()
    return browser


def close(browser: Browser) -> Any:
    return browser.call("post", "user_close", {})


def export(browser: Browser) -> Any:
    return browser.call("get", "user_export")


@pytest.mark.parametrize(("act", "status"), [(close, 202), (export, 200)])
def test_passkey_opens_what_needs_the_second_factor(
    act: Callable[[Browser], Any], status: int, passkey: Authenticator, session: Browser
) -> None:
    assert refusal(act(session)) == (401, "second_factor_required")

    response = step_up(session, passkey)

    assert (response.status_code, response.json()) == (200, {"success": True})
    assert response["Cache-Control"] == "no-store"
    assert act(session).status_code == status


def test_next_access_token_names_the_passkey(passkey: Authenticator, session: Browser) -> None:
    step_up(session, passkey)
    session.refresh()

    claims = jwt.decode(session.access, options={"verify_signature": False})
    assert claims["amr"] == ["pwd", "pop", "mfa"]


def test_other_sessions_have_shown_nothing(
    passkey: Authenticator, session: Browser, user: User, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "disabled"
    other = signed_in_as(user)
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"

    step_up(session, passkey)

    assert refusal(close(other)) == (401, "second_factor_required")


def test_sign_in_is_no_more_recent(passkey: Authenticator, session: Browser) -> None:
    with later(16 * 60):
        signed_in_again(session)
        assert step_up(session, passkey).status_code == 200

        assert refusal(close(session)) == (401, "reauthentication_required")


def test_challenge_is_consumed_by_success(passkey: Authenticator, session: Browser) -> None:
    credential = passkey.get(begin(session).json()["options"])
    finish(session, credential)

    assert refusal(finish(session, credential)) == REFUSED


def test_challenge_is_consumed_by_failure(passkey: Authenticator, session: Browser) -> None:
    options = begin(session).json()["options"]
    refused = finish(session, passkey.but(origin="https://evil.example.test").get(options))

    assert refusal(refused) == REFUSED
    assert refusal(finish(session, passkey.get(options))) == REFUSED
    assert FailedMfaAttempt.objects.count() == 2
    assert not Session.objects.get().with_second_factor


def test_challenge_is_that_of_the_session(
    passkey: Authenticator, session: Browser, user: User, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "disabled"
    other = signed_in_as(user)
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    credential = passkey.get(begin(other).json()["options"])

    begin(session)

    assert refusal(finish(session, credential)) == REFUSED


@pytest.mark.parametrize("purpose", ["passkey_recovery_codes_options", "login"])
def test_challenge_is_for_this_purpose(
    purpose: str, passkey: Authenticator, session: Browser
) -> None:
    asked = (
        login_options(Browser()) if purpose == "login" else session.call("post", purpose, {}).json()
    )
    credential = passkey.get(asked["options"])

    assert refusal(finish(session, credential)) == REFUSED
    begin(session)
    assert refusal(finish(session, credential)) == REFUSED


def test_challenge_replaces_no_recovery_codes(passkey: Authenticator, session: Browser) -> None:
    credential = passkey.get(begin(session).json()["options"])

    response = session.call("post", "passkey_recovery_codes", {"credential": credential})

    assert refusal(response) == REFUSED


def test_challenge_expires_after_five_minutes(passkey: Authenticator, session: Browser) -> None:
    credential = passkey.get(begin(session).json()["options"])

    with later(5 * 60):
        response = finish(signed_in_again(session), credential)

    assert refusal(response) == REFUSED


def test_passkey_of_another_account_is_refused(session: Browser) -> None:
    stranger = Authenticator()

    assert refusal(step_up(session, stranger)) == REFUSED


def test_ten_failures_lock_the_second_factor(passkey: Authenticator, session: Browser) -> None:
    for _ in range(10):
        step_up(session, passkey.but(flags=0))

    assert step_up(session, passkey).status_code == 429


def test_trusted_device_stays_one(passkey: Authenticator, session: Browser, user: User) -> None:
    Session.objects.update(trusted_device_id="0" * 32)

    step_up(session, passkey)

    assert refusal(close(session)) == (401, "reauthentication_required")
    assert not TrustedDevice.objects.exists()


def test_account_without_a_passkey_is_refused(signed_in: Browser) -> None:
    assert refusal(begin(signed_in)) == (400, "no_passkey")


@pytest.mark.parametrize("act", [begin, lambda browser: finish(browser, {})])
def test_access_token_is_needed(act: Callable[[Browser], Any], browser: Browser, db: None) -> None:
    assert refusal(act(browser)) == (401, "not_authenticated")


def test_it_is_off_with_mfa(passkey: Authenticator, session: Browser, settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "disabled"

    assert refusal(begin(session)) == (403, "mfa_disabled")


def test_it_costs_eight_statements(passkey: Authenticator, session: Browser) -> None:
    credential = passkey.get(begin(session).json()["options"])

    with statements(8):
        assert finish(session, credential).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_requests_with_one_signature_one_succeeds(
    passkey: Authenticator, session: Browser
) -> None:
    credential = passkey.get(begin(session).json()["options"])

    answers = at_once(4, lambda _: finish(session, credential).status_code)

    assert sorted(answers) == [200, 400, 400, 400]


@pytest.mark.django_db(transaction=True)
def test_passkey_that_is_being_deleted_is_refused(
    passkey: Authenticator, session: Browser, user: User
) -> None:
    Session.objects.update(with_second_factor=True)
    enrol(session, user)
    Session.objects.update(with_second_factor=False, methods=["pwd"])
    credential = passkey.get(begin(session).json()["options"])

    def delete() -> None:
        User.objects.lock(user.pk)
        Passkey.objects.filter(credential_id=passkey.credential_id).delete()

    response = overtaken(lambda: finish(session, credential), by=delete)

    assert refusal(response) == REFUSED
    assert not Session.objects.get().with_second_factor


@pytest.mark.django_db(transaction=True)
def test_session_that_is_being_ended_is_refused(
    passkey: Authenticator, session: Browser, user: User
) -> None:
    credential = passkey.get(begin(session).json()["options"])

    def end() -> None:
        User.objects.lock(user.pk)
        Session.objects.all().delete()

    response = overtaken(lambda: finish(session, credential), by=end)

    assert refusal(response) == (401, "token_not_valid")
