"""The three modes of the second factor, and what a switch of the mode does to users."""

from typing import Any

import pytest

from accounts.models import LoginChallenge, Session, User
from tests.authenticator import Held, enrol
from tests.client import Browser
from tests.flows.steps import (
    challenge_for,
    refusal,
    signed_in_admin,
    signed_in_as,
    signed_in_with_code,
)
from tests.mailbox import link_to
from tests.people import NEW_PASSWORD, make_user
from tests.queries import statements

pytestmark = pytest.mark.django_db

NEWCOMER = "new@example.test"
ENDPOINTS = {
    "jwt_allauth_mfa_setup": "post",
    "jwt_allauth_mfa_activate": "post",
    "jwt_allauth_mfa_verify": "post",
    "jwt_allauth_mfa_verify_recovery": "post",
    "jwt_allauth_mfa_deactivate": "post",
    "jwt_allauth_mfa_authenticators": "get",
    "mfa_recovery_codes": "post",
    "mfa_trusted_devices": "get",
}
TOKENS, CHALLENGE, SETUP = "access", "challenge_id", "setup_challenge_id"

every_mode = pytest.mark.parametrize("mode", ["disabled", "optional", "required"])
each_asking_mode = pytest.mark.parametrize("mode", ["optional", "required"])


def switch_to(settings: Any, mode: str) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = mode


def kind_of(response: Any) -> str:
    """Which of the three it answered; none of them comes with another."""
    assert response.status_code in {200, 201}, response.content
    assert response["Cache-Control"] == "no-store"
    [kind] = {TOKENS, CHALLENGE, SETUP} & response.json().keys()
    cookie = response.cookies.get("refresh_token")
    assert bool(cookie and cookie.value) == (kind == TOKENS)
    return str(kind)


# The switch


@pytest.mark.parametrize("name", ENDPOINTS)
@pytest.mark.parametrize("method", ["right", "options", "delete"])
def test_disabled_endpoint_says_so_before_anything_else(
    name: str, method: str, browser: Browser, settings: Any
) -> None:
    switch_to(settings, "disabled")
    browser.access = "not a token"

    response = browser.call(ENDPOINTS[name] if method == "right" else method, name, {})

    assert refusal(response) == (403, "mfa_disabled")


@pytest.mark.parametrize("name", ENDPOINTS)
def test_endpoint_exists_in_other_modes(name: str, signed_in: Browser, settings: Any) -> None:
    switch_to(settings, "optional")

    assert signed_in.call(ENDPOINTS[name], name, {}).status_code in {200, 400, 403}
    assert signed_in.call("delete", name, {}).status_code == 405


# Every way in


def by_login(browser: Browser, settings: Any, mode: str) -> Any:
    make_user(email=NEWCOMER, password=NEW_PASSWORD)
    switch_to(settings, mode)
    return browser.sign_in(NEWCOMER, NEW_PASSWORD)


def by_reset(browser: Browser, settings: Any, mode: str) -> Any:
    make_user(email=NEWCOMER, password=NEW_PASSWORD)
    switch_to(settings, mode)
    return browser.reset_password(NEWCOMER)


def by_sign_up_without_verification(browser: Browser, settings: Any, mode: str) -> Any:
    switch_to(settings, mode)
    settings.EMAIL_VERIFICATION = "none"
    return browser.sign_up(NEWCOMER, NEW_PASSWORD)


def by_sign_up_with_optional_verification(browser: Browser, settings: Any, mode: str) -> Any:
    switch_to(settings, mode)
    settings.EMAIL_VERIFICATION = "optional"
    return browser.sign_up(NEWCOMER, NEW_PASSWORD)


def by_invitation(browser: Browser, settings: Any, mode: str) -> Any:
    settings.JWT_ALLAUTH_INVITATIONS = True
    signed_in_admin().invite(NEWCOMER)
    switch_to(settings, mode)
    browser.get(link_to(NEWCOMER))
    return browser.accept()


BY_SIGN_UP = [by_sign_up_without_verification, by_sign_up_with_optional_verification]
each_way_in = pytest.mark.parametrize("comes_in", [by_login, by_reset, *BY_SIGN_UP, by_invitation])


@pytest.mark.parametrize("by", ["login", "reset"])
@pytest.mark.parametrize(
    ("mode", "expected"), [("disabled", TOKENS), ("optional", CHALLENGE), ("required", CHALLENGE)]
)
def test_user_with_a_second_factor_is_asked_for_it(
    by: str, mode: str, expected: str, user: User, held: Held, browser: Browser, settings: Any
) -> None:
    switch_to(settings, mode)

    response = browser.sign_in(user.email) if by == "login" else browser.reset_password(user.email)

    assert kind_of(response) == expected
    assert Session.objects.exists() == (expected == TOKENS)


@each_way_in
@pytest.mark.parametrize(
    ("mode", "expected"), [("disabled", TOKENS), ("optional", TOKENS), ("required", SETUP)]
)
def test_user_without_one_sets_it_up_where_it_is_required(
    comes_in: Any, mode: str, expected: str, browser: Browser, settings: Any
) -> None:
    assert kind_of(comes_in(browser, settings, mode)) == expected
    assert Session.objects.filter(user__email=NEWCOMER).exists() == (expected == TOKENS)


def enrol_by(browser: Browser, challenge: str) -> Any:
    return browser.activate(browser.set_up(challenge).code(), challenge)


@each_way_in
def test_setting_one_up_signs_in(comes_in: Any, browser: Browser, settings: Any) -> None:
    challenge = comes_in(browser, settings, "required").json()[SETUP]

    response = enrol_by(browser, challenge)

    assert kind_of(response) == TOKENS
    assert len(response.json()["recovery_codes"]) == 10
    assert browser.refresh().status_code == 200
    assert kind_of(Browser().sign_in(NEWCOMER, NEW_PASSWORD)) == CHALLENGE


@pytest.mark.parametrize(
    ("mode", "session", "expected"),
    [
        ("optional", "with a code", TOKENS),
        ("required", "with a code", TOKENS),
        ("optional", "without a factor", TOKENS),
        ("required", "without a factor", SETUP),
        ("optional", "before enrolment", CHALLENGE),
        ("required", "before enrolment", CHALLENGE),
    ],
)
def test_password_change_asks_for_what_the_session_has_not_shown(
    mode: str, session: str, expected: str, user: User, settings: Any
) -> None:
    browser = signed_in_as(user)
    held = None if session == "without a factor" else enrol(user)
    switch_to(settings, mode)
    if held and session == "with a code":
        browser = signed_in_with_code(user, held)

    assert kind_of(browser.change_password()) == expected
    assert (browser.refresh().status_code == 200) == (expected == TOKENS)


@each_asking_mode
def test_challenge_after_a_reset_clears_the_cookie_of_the_ended_session(
    mode: str, signed_in: Browser, user: User, settings: Any
) -> None:
    enrol(user)
    switch_to(settings, mode)

    response = signed_in.reset_password(user.email)

    assert CHALLENGE in response.json()
    assert response.cookies["refresh_token"].value == ""


def test_missing_verification_is_told_before_any_challenge(browser: Browser, settings: Any) -> None:
    switch_to(settings, "required")
    unverified = make_user(email_verified=False)

    assert refusal(browser.sign_in(unverified.email)) == (401, "email_not_verified")
    assert not LoginChallenge.objects.exists()


@every_mode
def test_wrong_password_gets_the_same_answer_with_a_second_factor_and_without(
    mode: str, user: User, held: Held, browser: Browser, settings: Any
) -> None:
    switch_to(settings, mode)

    answers = [browser.sign_in(email, "wrong") for email in (user.email, make_user().email)]

    assert {answer.status_code for answer in answers} == {401}
    assert answers[0].json() == answers[1].json()


# Switching on a live system


@pytest.mark.parametrize(
    ("is_enrolled", "mode"), [(False, "required"), (True, "optional"), (True, "required")]
)
def test_session_without_a_code_does_not_refresh_once_it_is_asked_for(
    is_enrolled: bool, mode: str, user: User, settings: Any
) -> None:
    if is_enrolled:
        enrol(user)
    browser = signed_in_as(user)

    switch_to(settings, mode)

    assert refusal(browser.refresh()) == (401, "token_not_valid")


@every_mode
def test_session_with_a_code_refreshes_in_every_mode_by_one_query(
    mode: str, user: User, held: Held, settings: Any
) -> None:
    switch_to(settings, "optional")
    browser = signed_in_with_code(user, held)

    switch_to(settings, mode)

    with statements(1):
        assert browser.refresh().status_code == 200


def test_second_factor_is_kept_while_it_is_disabled(
    user: User, held: Held, browser: Browser, settings: Any
) -> None:
    assert kind_of(browser.sign_in(user.email)) == TOKENS

    switch_to(settings, "optional")

    assert kind_of(browser.sign_in(user.email)) == CHALLENGE
    assert signed_in_with_code(user, held).access


def test_token_within_the_leeway_does_not_bring_back_a_session_without_a_code(
    signed_in: Browser, settings: Any
) -> None:
    signed_in.refresh_token = signed_in.rotate()
    switch_to(settings, "required")

    signed_in.refresh()

    assert signed_in.refresh().status_code == 401


# Query counts


def test_challenge_costs_three_queries_a_code_seven(user: User, held: Held, settings: Any) -> None:
    switch_to(settings, "optional")

    # One writes the history.
    with statements(3):
        challenge = challenge_for(user)
    code = held.app.code()
    with statements(7):
        assert Browser().verify(challenge, code).status_code == 200
