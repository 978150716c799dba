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
from tests.authenticator import App, Held, enrol
from tests.client import Browser
from tests.clock import later
from tests.mailbox import letters_to
from tests.people import make_user

pytestmark = pytest.mark.django_db

SETUP, ACTIVATE = "jwt_allauth_mfa_setup", "jwt_allauth_mfa_activate"
both_endpoints = pytest.mark.parametrize("name", [SETUP, ACTIVATE])
INVALID_CODE, INVALID_CHALLENGE = (400, "invalid_code"), (400, "invalid_challenge")


@pytest.fixture(autouse=True)
def mode(request: Any, settings: Any) -> str:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "disabled"
    return str(getattr(request, "param", "optional"))


@pytest.fixture
def owner(user: User, mode: str, settings: Any) -> Browser:
    """Signed in moments ago, with a password alone."""
    browser = Browser()
    browser.sign_in(user.email)
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = mode
    return browser


@pytest.fixture
def challenge(user: User, settings: Any) -> str:
    """What somebody without a second factor gets for a password where it is required."""
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "required"
    return str(Browser().sign_in(user.email).json()["setup_challenge_id"])


def set_up(browser: Browser, challenge: str = "") -> App:
    body = {"setup_challenge_id": challenge} if challenge else {}
    return App(browser.call("post", SETUP, body).json()["secret"])


def activate(browser: Browser, code: str, challenge: str = "") -> Any:
    body = {"setup_challenge_id": challenge} if challenge else {}
    return browser.call("post", ACTIVATE, {"code": code, **body})


def refusal(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


# Setup


def test_setup_shows_one_secret_in_three_ways(owner: Browser, user: User) -> None:
    response = owner.call("post", SETUP, {})

    shown = response.json()
    uri = urlsplit(shown["provisioning_uri"])
    assert (response.status_code, response["Cache-Control"]) == (200, "no-store")
    assert set(shown) == {"secret", "provisioning_uri", "qr_code"}
    assert (uri.scheme, uri.netloc, unquote(uri.path)) == ("otpauth", "totp", f"/{user.email}")
    assert parse_qs(uri.query) == {"secret": [shown["secret"]], "issuer": ["Gatehouse"]}
    assert ElementTree.fromstring(shown["qr_code"]).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314  it is our own


def test_secret_has_160_bits_and_is_a_new_one_each_time(owner: Browser) -> None:
    shown = {owner.call("post", SETUP, {}).json()["secret"] for _ in range(5)}

    assert len(shown) == 5
    assert {len(b32decode(secret)) for secret in shown} == {20}


def test_issuer_is_the_projects_name_unless_it_is_set(owner: Browser, settings: Any) -> None:
    assert config.settings.accounts.MFA_TOTP_ISSUER == config.settings.base.PROJECT_NAME
    settings.MFA_TOTP_ISSUER = "Lamps & Söhne"

    uri = owner.call("post", SETUP, {}).json()["provisioning_uri"]

    assert parse_qs(urlsplit(uri).query)["issuer"] == ["Lamps & Söhne"]


def test_setup_alone_changes_nothing(owner: Browser, user: User, settings: Any) -> None:
    set_up(owner)

    user.refresh_from_db()
    assert not user.has_second_factor
    assert not Authenticator.objects.exists()
    assert owner.call("get", "jwt_allauth_mfa_authenticators").json() == []
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    assert "access" in Browser().sign_in(user.email).json()


def test_another_setup_replaces_a_pending_one(owner: Browser) -> None:
    first, second = set_up(owner), set_up(owner)

    assert refusal(activate(owner, first.code())) == INVALID_CODE
    assert activate(owner, second.code()).status_code == 200
    assert not PendingSecret.objects.exists()


def test_setup_touches_no_active_one(owner: Browser, user: User) -> None:
    app = set_up(owner)
    activate(owner, app.code())
    before = list(Authenticator.objects.order_by("pk").values())

    assert refusal(owner.call("post", SETUP, {})) == (400, "mfa_already_active")
    assert refusal(activate(owner, app.code(+1))) == (400, "mfa_already_active")
    assert list(Authenticator.objects.order_by("pk").values()) == before


def test_secrets_are_encrypted_pending_and_active(owner: Browser) -> None:
    response = owner.call("post", SETUP, {})
    secret = response.json()["secret"]
    pending = PendingSecret.objects.get().secret
    codes = activate(owner, App(secret).code()).json()["recovery_codes"]

    stored = pending + str(list(Authenticator.objects.values()))
    assert secret not in stored
    assert not [code for code in codes if code in stored]


def test_pending_secret_is_forgotten_after_a_quarter_of_an_hour(
    user: User, owner: Browser, challenge: str
) -> None:
    app = set_up(Browser(), challenge)
    with later(16 * 60):
        again = Browser().sign_in(user.email).json()["setup_challenge_id"]
        assert refusal(activate(Browser(), app.code(), again)) == (400, "mfa_setup_not_started")

        tasks.purge_second_factor()

    assert not PendingSecret.objects.exists()


# Activation


def test_activation_shows_ten_recovery_codes_once(owner: Browser) -> None:
    response = activate(owner, set_up(owner).code())

    body = response.json()
    assert (response.status_code, response["Cache-Control"]) == (200, "no-store")
    assert set(body) == {"success", "recovery_codes"}
    assert body["success"] is True
    assert len(set(body["recovery_codes"])) == 10


def test_activation_code_does_not_also_sign_in(owner: Browser, user: User) -> None:
    app = set_up(owner)
    code = app.code()
    activate(owner, code)
    challenge = Browser().sign_in(user.email).json()["challenge_id"]

    answer = {"challenge_id": challenge, "code": code}
    assert refusal(Browser().call("post", "jwt_allauth_mfa_verify", answer)) == INVALID_CODE
    answer["code"] = app.code(+1)
    assert Browser().call("post", "jwt_allauth_mfa_verify", answer).status_code == 200


@pytest.mark.parametrize("mode", ["optional", "required"], indirect=True)
def test_activation_keeps_this_session_and_ends_the_others(
    owner: Browser, user: User, mode: str, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "disabled"
    other = Browser()
    other.sign_in(user.email)
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = mode

    activate(owner, set_up(owner).code())

    assert owner.refresh().status_code == 200
    assert other.refresh().status_code == 401
    assert Session.objects.get().with_second_factor


def test_activation_ends_sign_ins_that_are_under_way(
    owner: Browser, challenge: str, mode: str, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = mode

    activate(owner, set_up(owner).code())

    assert not LoginChallenge.objects.exists()


def test_owner_is_told(owner: Browser, user: User) -> None:
    activate(owner, set_up(owner).code())

    [letter] = letters_to(user.email)
    assert "turned on" in letter.subject


def test_wrong_code_activates_nothing(owner: Browser, user: User) -> None:
    app = set_up(owner)

    assert refusal(activate(owner, app.wrong_code())) == INVALID_CODE
    assert not Authenticator.objects.exists()
    assert letters_to(user.email) == []
    assert activate(owner, app.code()).status_code == 200


def test_activation_before_setup_is_refused(owner: Browser) -> None:
    assert refusal(activate(owner, "123456")) == (400, "mfa_setup_not_started")


def test_secret_of_somebody_else_activates_nothing(owner: Browser) -> None:
    set_up(owner)
    other = enrol(make_user())

    assert refusal(activate(owner, other.app.code())) == INVALID_CODE


# Who may


@both_endpoints
def test_anonymous_is_refused(name: str, owner: Browser) -> None:
    owner.access = ""

    response = owner.call("post", name, {"code": "123456"})

    assert refusal(response) == (401, "not_authenticated")
    assert response["WWW-Authenticate"] == "Bearer"


@both_endpoints
def test_session_that_has_ended_is_refused(name: str, owner: Browser, user: User) -> None:
    store.revoke_all(user_id=user.pk)

    assert refusal(owner.call("post", name, {"code": "123456"})) == (401, "token_not_valid")


@both_endpoints
def test_session_of_long_ago_is_refused(name: str, user: User, settings: Any, mode: str) -> None:
    settings.JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME = 3600
    browser = Browser()
    browser.sign_in(user.email)
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = mode

    with later(14 * 60):
        assert browser.call("post", SETUP, {}).status_code == 200
    with later(15 * 60 + 1):
        response = browser.call("post", name, {"code": "123456"})

    assert refusal(response) == (401, "reauthentication_required")


def test_password_that_changed_meanwhile_stops_the_activation(
    owner: Browser, user: User, monkeypatch: Any
) -> None:
    app = set_up(owner)
    recent = store.require_recent

    def changes(session: Session, **options: Any) -> None:
        recent(session, **options)
        User.objects.filter(pk=user.pk).update(password="another")

    monkeypatch.setattr(store, "require_recent", changes)

    assert refusal(activate(owner, app.code())) == (401, "token_not_valid")
    assert not Authenticator.objects.exists()


def test_session_that_ends_meanwhile_activates_nothing(
    owner: Browser, user: User, monkeypatch: Any
) -> None:
    app = set_up(owner)
    locks = User.objects.lock_unchanged

    def meanwhile(person: User) -> User | None:
        store.revoke_all(user_id=user.pk)
        return locks(person)

    monkeypatch.setattr(User.objects, "lock_unchanged", meanwhile)

    assert refusal(activate(owner, app.code())) == (400, "mfa_setup_not_started")
    assert not Authenticator.objects.exists()


# By a setup challenge


def test_password_that_changes_before_the_session_opens_sends_back_to_the_login(
    challenge: str, user: User, monkeypatch: Any
) -> None:
    app = set_up(Browser(), challenge)
    opens = store.open_session

    def too_late(**arguments: Any) -> Any:
        User.objects.filter(pk=user.pk).update(password="another")
        return opens(**arguments)

    monkeypatch.setattr(store, "open_session", too_late)

    assert refusal(activate(Browser(), app.code(), challenge)) == INVALID_CHALLENGE
    assert not Session.objects.exists()


def test_setup_challenge_leads_to_tokens(challenge: str, user: User) -> None:
    browser = Browser()

    response = activate(browser, set_up(browser, challenge).code(), challenge)

    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    assert set(response.json()) == {"access", "success", "recovery_codes"}
    browser.access = response.json()["access"]
    assert browser.call("get", "rest_user_details").json()["email"] == user.email
    assert browser.refresh().status_code == 200
    assert Session.objects.get().with_second_factor


def test_setup_challenge_ends_older_sessions(
    owner: Browser, challenge: str, user: User, settings: Any
) -> None:
    activate(Browser(), set_up(Browser(), challenge).code(), challenge)

    assert owner.refresh().status_code == 401
    assert Session.objects.filter(user=user).count() == 1


@both_endpoints
def test_authorization_is_ignored_beside_a_setup_challenge(name: str, challenge: str) -> None:
    browser = Browser()
    app = set_up(browser, challenge)
    browser.access = "stale"

    body = {"setup_challenge_id": challenge, "code": app.code()}
    assert browser.call("post", name, body).status_code == 200


def test_setup_challenge_works_once(challenge: str) -> None:
    app = set_up(Browser(), challenge)
    activate(Browser(), app.code(), challenge)

    assert refusal(activate(Browser(), app.code(+1), challenge)) == INVALID_CHALLENGE
    response = Browser().call("post", SETUP, {"setup_challenge_id": challenge})
    assert refusal(response) == INVALID_CHALLENGE


def test_setup_challenge_expires_after_five_minutes(challenge: str) -> None:
    app = set_up(Browser(), challenge)

    with later(5 * 60 + 1):
        assert refusal(activate(Browser(), app.code(), challenge)) == INVALID_CHALLENGE


@both_endpoints
def test_setup_challenge_dies_with_the_account(name: str, challenge: str, user: User) -> None:
    app = set_up(Browser(), challenge)
    User.objects.filter(pk=user.pk).update(is_active=False)

    body = {"setup_challenge_id": challenge, "code": app.code()}
    assert refusal(Browser().call("post", name, body)) == INVALID_CHALLENGE


def test_five_wrong_codes_end_a_setup_challenge(challenge: str) -> None:
    app = set_up(Browser(), challenge)
    for _ in range(5):
        assert refusal(activate(Browser(), app.wrong_code(), challenge)) == INVALID_CODE

    assert refusal(activate(Browser(), app.code(), challenge)) == INVALID_CHALLENGE
    assert FailedMfaAttempt.objects.count() == 5


@both_endpoints
@pytest.mark.parametrize("junk", ["", "x", "a:b", "é" * 10])
def test_bad_setup_challenge_is_refused_whatever_else_is_there(
    name: str, junk: str, owner: Browser
) -> None:
    response = owner.call("post", name, {"setup_challenge_id": junk, "code": "123456"})

    assert response.status_code == 400
    assert {"setup_challenge_id", "code"} & set(response.json())


def test_challenge_for_a_code_is_no_setup_challenge(user: User, settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "required"
    held: Held = enrol(user)
    challenge = Browser().sign_in(user.email).json()["challenge_id"]

    response = Browser().call("post", SETUP, {"setup_challenge_id": challenge})

    assert refusal(response) == INVALID_CHALLENGE
    assert refusal(activate(Browser(), held.app.code(), challenge)) == INVALID_CHALLENGE


def test_tokens_are_in_the_body_where_no_cookie_carries_them(challenge: str, settings: Any) -> None:
    settings.JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE = False

    response = activate(Browser(), set_up(Browser(), challenge).code(), challenge)

    assert set(response.json()) == {"access", "refresh", "device", "success", "recovery_codes"}
