"""The second factor's three modes, and what becomes of people when the mode is switched."""

from typing import Any

import pytest

from accounts.models import LoginChallenge, Session, User
from tests.authenticator import App, Held, enrol
from tests.client import Browser
from tests.mailbox import letters_to, link_to
from tests.people import PASSWORD, make_user
from tests.queries import statements

pytestmark = pytest.mark.django_db

NEW = "another good pass phrase"
NEWCOMER = "new@example.test"
REMOVED = "Your password reset has turned off multi-factor authentication"
ENDPOINTS = {
    "jwt_allauth_mfa_setup": "post",
    "jwt_allauth_mfa_activate": "post",
    "jwt_allauth_mfa_verify": "post",
    "jwt_allauth_mfa_verify_recovery": "post",
    "jwt_allauth_mfa_deactivate": "post",
    "jwt_allauth_mfa_authenticators": "get",
}
TOKENS, CHALLENGE, SETUP = "access", "challenge_id", "setup_challenge_id"

every_mode = pytest.mark.parametrize("mode", ["disabled", "optional", "required"])
each_way_of_asking = pytest.mark.parametrize("mode", ["optional", "required"])


def switch_to(settings: Any, mode: str) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = mode


def kind_of(response: Any) -> str:
    """Which of the three it answered; none of them comes with another."""
    assert response.status_code in {200, 201}, response.content
    assert response["Cache-Control"] == "no-store"
    [kind] = {TOKENS, CHALLENGE, SETUP} & set(response.json())
    cookie = response.cookies.get("refresh_token")
    assert bool(cookie and cookie.value) == (kind == TOKENS)
    return str(kind)


# The switch


@pytest.mark.parametrize("name", ENDPOINTS)
@pytest.mark.parametrize("method", ["right", "options", "delete"])
def test_disabled_endpoint_says_so_before_anything_else(
    name: str, method: str, signed_in: Browser, settings: Any
) -> None:
    switch_to(settings, "disabled")
    signed_in.access = "not a token"

    response = signed_in.call(ENDPOINTS[name] if method == "right" else method, name, {})

    assert (response.status_code, response.json()["code"]) == (403, "mfa_disabled")


@pytest.mark.parametrize("name", ENDPOINTS)
def test_endpoint_is_there_where_it_is_not_disabled(
    name: str, signed_in: Browser, settings: Any
) -> None:
    switch_to(settings, "optional")

    assert signed_in.call(ENDPOINTS[name], name, {}).status_code in {200, 400, 403}
    assert signed_in.call("delete", name, {}).status_code == 405


# Every way in


def by_login(user: User, settings: Any) -> Any:
    return Browser().sign_in(user.email)


def by_reset(user: User, settings: Any) -> Any:
    browser = Browser()
    browser.call("post", "rest_password_reset", {"email": user.email})
    browser.get(link_to(user.email))
    return browser.set_password("rest_password_reset_set_new", NEW)


WAYS_OF_MEMBERS = [by_login, by_reset]


@pytest.mark.parametrize("comes_in", WAYS_OF_MEMBERS)
@pytest.mark.parametrize(
    ("mode", "expected"), [("disabled", TOKENS), ("optional", CHALLENGE), ("required", CHALLENGE)]
)
def test_whoever_has_a_second_factor_is_asked_for_it(
    comes_in: Any, mode: str, expected: str, user: User, held: Held, settings: Any
) -> None:
    switch_to(settings, mode)

    response = comes_in(user, settings)

    assert kind_of(response) == expected
    assert Session.objects.exists() == (expected == TOKENS)


@pytest.mark.parametrize("comes_in", WAYS_OF_MEMBERS)
@pytest.mark.parametrize(
    ("mode", "expected"), [("disabled", TOKENS), ("optional", TOKENS), ("required", SETUP)]
)
def test_whoever_has_none_sets_one_up_where_it_is_required(
    comes_in: Any, mode: str, expected: str, user: User, settings: Any
) -> None:
    switch_to(settings, mode)

    response = comes_in(user, settings)

    assert kind_of(response) == expected
    assert Session.objects.exists() == (expected == TOKENS)


@pytest.mark.parametrize(
    ("mode", "expected"), [("disabled", TOKENS), ("optional", TOKENS), ("required", SETUP)]
)
@pytest.mark.parametrize("verification", ["optional", "none"])
def test_sign_up_leads_to_the_setup_where_it_is_required(
    verification: str, mode: str, expected: str, browser: Browser, settings: Any
) -> None:
    switch_to(settings, mode)
    settings.EMAIL_VERIFICATION = verification

    response = browser.sign_up("new@example.test")

    assert response.status_code == 201
    assert kind_of(response) == expected


@pytest.mark.parametrize(
    ("mode", "expected"), [("disabled", TOKENS), ("optional", TOKENS), ("required", SETUP)]
)
def test_invitation_leads_to_the_setup_where_it_is_required(
    mode: str, expected: str, browser: Browser, settings: Any
) -> None:
    assert kind_of(accept_invitation(browser, settings, mode)) == expected


@each_way_of_asking
def test_changing_the_password_keeps_whoever_has_shown_a_second_factor_signed_in(
    mode: str, user: User, held: Held, browser: Browser, settings: Any
) -> None:
    switch_to(settings, mode)
    pass_challenge(browser, user, held)

    response = change_password(browser)

    assert kind_of(response) == TOKENS
    browser.access = response.json()["access"]
    assert browser.refresh().status_code == 200


@pytest.mark.parametrize(("mode", "expected"), [("optional", TOKENS), ("required", SETUP)])
def test_changing_the_password_is_no_way_around_the_setup(
    mode: str, expected: str, signed_in: Browser, settings: Any
) -> None:
    switch_to(settings, mode)

    assert kind_of(change_password(signed_in)) == expected


@each_way_of_asking
def test_changing_the_password_is_no_way_around_the_code(
    mode: str, user: User, signed_in: Browser, settings: Any
) -> None:
    enrol(user)
    switch_to(settings, mode)

    assert kind_of(change_password(signed_in)) == CHALLENGE


@each_way_of_asking
def test_challenge_at_a_new_password_clears_the_cookie_of_the_session_that_has_ended(
    mode: str, user: User, settings: Any
) -> None:
    browser = Browser()
    browser.sign_in(user.email)
    enrol(user)
    switch_to(settings, mode)
    browser.call("post", "rest_password_reset", {"email": user.email})
    browser.get(link_to(user.email))

    response = browser.set_password("rest_password_reset_set_new", NEW)

    assert CHALLENGE in response.json()
    assert response.cookies["refresh_token"].value == ""


def test_verification_that_is_missing_is_said_before_any_challenge(
    browser: Browser, settings: Any
) -> None:
    switch_to(settings, "required")
    person = make_user(email_verified=False)

    assert browser.sign_in(person.email).json()["code"] == "email_not_verified"
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


def test_sessions_from_before_it_was_required_refresh_no_more(
    signed_in: Browser, settings: Any
) -> None:
    switch_to(settings, "required")

    response = signed_in.refresh()

    assert (response.status_code, response.json()["code"]) == (401, "token_not_valid")


def account_from_before(browser: Browser, settings: Any) -> Any:
    person = make_user(email=NEWCOMER, password=NEW)
    switch_to(settings, "required")
    return browser.sign_in(person.email, NEW)


def sign_up_without_verification(browser: Browser, settings: Any) -> Any:
    switch_to(settings, "required")
    settings.EMAIL_VERIFICATION = "none"
    return browser.sign_up(NEWCOMER, NEW)


def sign_up_with_optional_verification(browser: Browser, settings: Any) -> Any:
    switch_to(settings, "required")
    settings.EMAIL_VERIFICATION = "optional"
    return browser.sign_up(NEWCOMER, NEW)


def accept_invitation(browser: Browser, settings: Any, mode: str = "required") -> Any:
    settings.JWT_ALLAUTH_INVITATIONS = True
    admin = Browser()
    admin.sign_in(make_user(role=User.Role.ADMIN).email)
    admin.call("post", "rest_user_register", {"email": NEWCOMER, "role": "USER"})
    switch_to(settings, mode)
    browser.get(link_to(NEWCOMER))
    return browser.set_password("rest_set_password", NEW)


def set_one_up(browser: Browser, challenge: str) -> Any:
    secret = browser.call("post", "jwt_allauth_mfa_setup", {SETUP: challenge}).json()["secret"]
    activation = {SETUP: challenge, "code": App(secret).code()}
    return browser.call("post", "jwt_allauth_mfa_activate", activation)


def reset_by_mail(browser: Browser) -> Any:
    browser.call("post", "rest_password_reset", {"email": NEWCOMER})
    browser.get(link_to(NEWCOMER))
    return browser.set_password("rest_password_reset_set_new", NEW)


@pytest.mark.parametrize(
    "comes", [sign_up_without_verification, sign_up_with_optional_verification]
)
def test_mailbox_removes_the_second_factor_from_before_it_was_shown_and_no_later_one(
    comes: Any, browser: Browser, settings: Any
) -> None:
    set_one_up(browser, comes(browser, settings).json()[SETUP])

    owed = reset_by_mail(browser).json()[SETUP]

    assert REMOVED in [letter.subject for letter in letters_to(NEWCOMER)]
    assert kind_of(set_one_up(browser, owed)) == TOKENS
    assert kind_of(reset_by_mail(Browser())) == CHALLENGE


@pytest.mark.parametrize(
    "comes",
    [
        account_from_before,
        sign_up_without_verification,
        sign_up_with_optional_verification,
        accept_invitation,
    ],
)
def test_whoever_has_none_gets_in_by_setting_one_up(
    comes: Any, browser: Browser, settings: Any
) -> None:
    challenge = comes(browser, settings).json()[SETUP]

    response = set_one_up(browser, challenge)

    assert kind_of(response) == TOKENS
    assert len(response.json()["recovery_codes"]) == 10
    assert browser.refresh().status_code == 200
    assert kind_of(Browser().sign_in(NEWCOMER, NEW)) == CHALLENGE


def test_second_factor_is_kept_while_nobody_is_asked_and_asked_for_again_afterwards(
    user: User, held: Held, browser: Browser, settings: Any
) -> None:
    switch_to(settings, "disabled")
    assert kind_of(browser.sign_in(user.email)) == TOKENS

    switch_to(settings, "optional")

    assert kind_of(Browser().sign_in(user.email)) == CHALLENGE
    assert pass_challenge(Browser(), user, held).status_code == 200


@each_way_of_asking
def test_session_opened_while_nobody_was_asked_refreshes_no_more_once_it_is_asked_for(
    mode: str, user: User, held: Held, browser: Browser, settings: Any
) -> None:
    switch_to(settings, "disabled")
    browser.sign_in(user.email)

    switch_to(settings, mode)

    assert browser.refresh().status_code == 401


@every_mode
def test_session_opened_with_a_second_factor_refreshes_in_every_mode(
    mode: str, user: User, held: Held, browser: Browser, settings: Any
) -> None:
    switch_to(settings, "optional")
    pass_challenge(browser, user, held)

    switch_to(settings, mode)

    assert browser.refresh().status_code == 200


def test_replay_within_the_leeway_does_not_bring_back_a_session_without_a_second_factor(
    signed_in: Browser, settings: Any
) -> None:
    spent = signed_in.refresh_token
    signed_in.refresh()
    switch_to(settings, "required")

    signed_in.refresh_token = spent
    signed_in.refresh()

    assert signed_in.refresh().status_code == 401


# What it costs


def test_login_that_ends_in_a_challenge_costs_two_queries(
    user: User, held: Held, browser: Browser, settings: Any
) -> None:
    switch_to(settings, "optional")

    with statements(2):
        browser.sign_in(user.email)


def test_verifying_a_code_costs_seven_queries(
    user: User, held: Held, browser: Browser, settings: Any
) -> None:
    switch_to(settings, "optional")
    challenge = browser.sign_in(user.email).json()[CHALLENGE]
    answer = {CHALLENGE: challenge, "code": held.app.code()}

    with statements(7):
        assert browser.call("post", "jwt_allauth_mfa_verify", answer).status_code == 200


@every_mode
def test_refreshing_costs_one_query(
    mode: str, user: User, held: Held, browser: Browser, settings: Any
) -> None:
    switch_to(settings, "optional")
    pass_challenge(browser, user, held)
    switch_to(settings, mode)

    with statements(1):
        assert browser.refresh().status_code == 200


def pass_challenge(browser: Browser, user: User, held: Held) -> Any:
    challenge = browser.sign_in(user.email).json()[CHALLENGE]
    answer = {CHALLENGE: challenge, "code": held.app.code()}
    response = browser.call("post", "jwt_allauth_mfa_verify", answer)
    browser.access = response.json()["access"]
    return response


def change_password(browser: Browser) -> Any:
    body = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    return browser.call("post", "rest_password_change", body)
