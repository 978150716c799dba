"""Enrolment: a user sets up a second factor, in a session or by a setup challenge."""

from base64 import b32decode
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree

import pytest
from allauth.mfa.models import Authenticator

import config.settings
from accounts import tasks
from accounts.models import FailedMfaAttempt, LoginChallenge, PendingSecret, Session, User
from accounts.services.sessions import store
from tests.authenticator import App, enrol
from tests.client import ACTIVATE, SETUP, Browser
from tests.clock import later
from tests.flows.steps import challenge_for, meanwhile, refusal, setup_challenge_for, signed_in_as
from tests.mailbox import emails_to
from tests.people import make_user

pytestmark = pytest.mark.django_db

both_endpoints = pytest.mark.parametrize("name", [SETUP, ACTIVATE])
INVALID_CODE, INVALID_CHALLENGE = (400, "invalid_code"), (400, "invalid_challenge")
NOT_STARTED, ALREADY_ACTIVE = (400, "mfa_setup_not_started"), (400, "mfa_already_active")


@pytest.fixture(autouse=True)
def mode(request: Any, settings: Any) -> str:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "disabled"
    return str(getattr(request, "param", "optional"))


@pytest.fixture
def owner(user: User, mode: str, settings: Any) -> Browser:
    """Signed in moments ago, with a password alone."""
    browser = signed_in_as(user)
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = mode
    return browser


@pytest.fixture
def challenge(user: User, settings: Any) -> str:
    """The answer to a password where a second factor is required and there is none."""
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "required"
    return setup_challenge_for(user)


# Setup


def test_setup_shows_one_secret_in_three_ways(owner: Browser, user: User) -> None:
    response = owner.call("post", SETUP, {})

    shown = response.json()
    uri = urlsplit(shown["provisioning_uri"])
    assert (response.status_code, response["Cache-Control"]) == (200, "no-store")
    assert shown.keys() == {"secret", "provisioning_uri", "qr_code"}
    assert (uri.scheme, uri.netloc, unquote(uri.path)) == ("otpauth", "totp", f"/{user.email}")
    assert parse_qs(uri.query) == {"secret": [shown["secret"]], "issuer": ["Gatehouse"]}
    assert ElementTree.fromstring(shown["qr_code"]).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314  it is our own


def test_secret_has_160_bits_and_is_a_new_one_each_time(owner: Browser) -> None:
    shown = {owner.call("post", SETUP, {}).json()["secret"] for _ in range(5)}

    assert len(shown) == 5
    assert {len(b32decode(secret)) for secret in shown} == {20}


def test_issuer_is_the_name_of_the_project_unless_it_is_set(owner: Browser, settings: Any) -> None:
    assert config.settings.accounts.MFA_TOTP_ISSUER == config.settings.base.PROJECT_NAME
    settings.MFA_TOTP_ISSUER = "Lamps & Söhne"

    uri = owner.call("post", SETUP, {}).json()["provisioning_uri"]

    assert parse_qs(urlsplit(uri).query)["issuer"] == ["Lamps & Söhne"]


def test_setup_alone_changes_nothing(owner: Browser, user: User) -> None:
    owner.set_up()

    user.refresh_from_db()
    assert not user.has_second_factor
    assert not Authenticator.objects.exists()
    assert owner.call("get", "jwt_allauth_mfa_authenticators").json() == []
    assert "access" in Browser().sign_in(user.email).json()


def test_another_setup_replaces_a_pending_one(owner: Browser) -> None:
    first, second = owner.set_up(), owner.set_up()

    assert refusal(owner.activate(first.code())) == INVALID_CODE
    assert owner.activate(second.code()).status_code == 200
    assert not PendingSecret.objects.exists()


def test_setup_leaves_an_active_one(owner: Browser) -> None:
    app = owner.set_up()
    owner.activate(app.code())
    before = list(Authenticator.objects.order_by("pk").values())

    assert refusal(owner.call("post", SETUP, {})) == ALREADY_ACTIVE
    assert refusal(owner.activate(app.code(+1))) == ALREADY_ACTIVE
    assert list(Authenticator.objects.order_by("pk").values()) == before


def test_secrets_are_encrypted_pending_and_active(owner: Browser) -> None:
    secret = owner.call("post", SETUP, {}).json()["secret"]
    pending = PendingSecret.objects.get().secret
    codes = owner.activate(App(secret).code()).json()["recovery_codes"]

    stored = pending + str(list(Authenticator.objects.values()))
    assert [shown for shown in (secret, *codes) if shown in stored] == []


def test_pending_secret_expires_after_15_minutes(user: User, challenge: str) -> None:
    app = Browser().set_up(challenge)
    with later(16 * 60):
        assert refusal(Browser().activate(app.code(), setup_challenge_for(user))) == NOT_STARTED

        tasks.purge_second_factor()

    assert not PendingSecret.objects.exists()


# Activation


def test_activation_shows_ten_recovery_codes_once(owner: Browser) -> None:
    response = owner.activate(owner.set_up().code())

    body = response.json()
    assert (response.status_code, response["Cache-Control"]) == (200, "no-store")
    assert len(set(body.pop("recovery_codes"))) == 10
    assert body == {"success": True}


def test_activation_code_does_not_also_sign_in(owner: Browser, user: User) -> None:
    app = owner.set_up()
    code = app.code()
    owner.activate(code)
    challenge = challenge_for(user)

    assert refusal(Browser().verify(challenge, code)) == INVALID_CODE
    assert Browser().verify(challenge, app.code(+1)).status_code == 200


@pytest.mark.parametrize("mode", ["optional", "required"], indirect=True)
def test_activation_keeps_this_session_and_ends_the_others(
    owner: Browser, user: User, mode: str, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "disabled"
    other = signed_in_as(user)
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = mode

    owner.activate(owner.set_up().code())

    assert owner.refresh().status_code == 200
    assert other.refresh().status_code == 401
    assert Session.objects.get().with_second_factor


def test_activation_ends_challenges(
    owner: Browser, challenge: str, mode: str, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = mode

    owner.activate(owner.set_up().code())

    assert not LoginChallenge.objects.exists()


def test_wrong_code_activates_nothing(owner: Browser, user: User) -> None:
    app, of_another_user = owner.set_up(), enrol(make_user()).app

    for code in (app.wrong_code(), of_another_user.code()):
        assert refusal(owner.activate(code)) == INVALID_CODE

    assert not Authenticator.objects.filter(user=user).exists()
    assert emails_to(user.email) == []
    assert owner.activate(app.code()).status_code == 200


def test_access_token_is_read_before_the_code(settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"

    assert refusal(Browser().call("post", ACTIVATE, {})) == (401, "not_authenticated")


def test_activation_before_setup_is_refused(owner: Browser) -> None:
    assert refusal(owner.activate("123456")) == NOT_STARTED


# The session


@both_endpoints
def test_session_of_long_ago_is_refused(name: str, user: User, settings: Any, mode: str) -> None:
    settings.JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME = 3600
    browser = signed_in_as(user)
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = mode

    with later(14 * 60):
        assert browser.call("post", SETUP, {}).status_code == 200
    with later(15 * 60 + 1):
        response = browser.call("post", name, {"code": "123456"})

    assert refusal(response) == (401, "reauthentication_required")


def change_password_row(user: User) -> None:
    User.objects.filter(pk=user.pk).update(password="another")


def end_sessions(user: User) -> None:
    store.revoke_all(user_id=user.pk)


@pytest.mark.parametrize(
    ("happens", "answer"),
    [(change_password_row, (401, "token_not_valid")), (end_sessions, NOT_STARTED)],
)
def test_activation_fails_where_the_account_changes_meanwhile(
    happens: Any, answer: Any, owner: Browser, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = owner.set_up()
    meanwhile(monkeypatch, User.objects, "lock_unchanged", lambda: happens(user))

    assert refusal(owner.activate(app.code())) == answer
    assert not Authenticator.objects.exists()


# By a setup challenge


def test_setup_challenge_leads_to_tokens(challenge: str, user: User) -> None:
    browser = Browser()

    response = browser.activate(browser.set_up(challenge).code(), challenge)

    assert (response.status_code, response["Cache-Control"]) == (200, "no-store")
    assert response.json().keys() == {"access", "success", "recovery_codes"}
    browser.access = response.json()["access"]
    assert browser.call("get", "rest_user_details").json()["email"] == user.email
    assert browser.refresh().status_code == 200
    assert Session.objects.get().with_second_factor


def test_setup_challenge_ends_older_sessions(owner: Browser, challenge: str) -> None:
    Browser().activate(Browser().set_up(challenge).code(), challenge)

    assert owner.refresh().status_code == 401
    assert Session.objects.count() == 1


@both_endpoints
def test_authorization_is_ignored_beside_a_setup_challenge(name: str, challenge: str) -> None:
    browser = Browser()
    app = browser.set_up(challenge)
    browser.access = "stale"

    body = {"setup_challenge_id": challenge, "code": app.code()}
    assert browser.call("post", name, body).status_code == 200


def use(challenge: str, app: App) -> int:
    Browser().activate(app.code(), challenge)
    return 0


def expire(challenge: str, app: App) -> int:
    return 5 * 60 + 1


def close_account(challenge: str, app: App) -> int:
    User.objects.update(is_active=False)
    return 0


@both_endpoints
@pytest.mark.parametrize("end", [use, expire, close_account])
def test_setup_challenge_that_has_ended_is_refused(end: Any, name: str, challenge: str) -> None:
    app = Browser().set_up(challenge)

    with later(end(challenge, app)):
        body = {"setup_challenge_id": challenge, "code": app.code(+1)}
        assert refusal(Browser().call("post", name, body)) == INVALID_CHALLENGE


def test_five_wrong_codes_end_a_setup_challenge(challenge: str) -> None:
    app = Browser().set_up(challenge)
    for _ in range(5):
        assert refusal(Browser().activate(app.wrong_code(), challenge)) == INVALID_CODE

    assert refusal(Browser().activate(app.code(), challenge)) == INVALID_CHALLENGE
    assert FailedMfaAttempt.objects.count() == 5


def test_challenge_for_a_code_is_no_setup_challenge(user: User, settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "required"
    app = enrol(user).app
    challenge = challenge_for(user)

    response = Browser().call("post", SETUP, {"setup_challenge_id": challenge})

    assert refusal(response) == INVALID_CHALLENGE
    assert refusal(Browser().activate(app.code(), challenge)) == INVALID_CHALLENGE


def test_password_that_changes_before_the_session_opens_leads_back_to_the_login(
    challenge: str, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = Browser().set_up(challenge)
    meanwhile(monkeypatch, store, "open_session", lambda: change_password_row(user))

    assert refusal(Browser().activate(app.code(), challenge)) == INVALID_CHALLENGE
    assert not Session.objects.exists()
