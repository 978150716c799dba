"""Login: an e-mail address and a password become a session."""

from collections.abc import Callable
from typing import Any

import jwt
import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher

from accounts import sign_in
from accounts.api.cookies import DEVICE_COOKIE, REFRESH_COOKIE
from accounts.errors import IncorrectCredentials
from accounts.models import Session, User
from accounts.services.client import Client
from tests.client import Browser
from tests.clock import later
from tests.flows.steps import refusal, with_token
from tests.people import NEW_PASSWORD, PASSWORD, CheapPasswordHasher, make_user, prove, save

pytestmark = pytest.mark.django_db


def test_login_answers_an_access_token_and_sets_two_cookies(browser: Browser, user: User) -> None:
    response = browser.sign_in(user.email)

    assert (response.status_code, response.json().keys()) == (200, {"access"})
    assert response["Cache-Control"] == "no-store"
    assert response.cookies.keys() == {REFRESH_COOKIE, DEVICE_COOKIE}
    cookie = response.cookies[REFRESH_COOKIE]
    assert (cookie["httponly"], cookie["secure"], cookie["samesite"]) == (True, True, "Lax")
    assert (cookie["path"], cookie["max-age"]) == ("/api/auth/", 14 * 86_400)


def test_cookie_is_not_secure_in_development(browser: Browser, user: User, settings: Any) -> None:
    settings.DEBUG = True

    assert not browser.sign_in(user.email).cookies[REFRESH_COOKIE]["secure"]


def test_session_records_the_device(user: User) -> None:
    Browser(headers={"User-Agent": "Lynx/2.9"}).sign_in(user.email)

    session = Session.objects.get()
    assert (session.user_agent, session.ip_address) == ("Lynx/2.9", "127.0.0.1")


@pytest.mark.parametrize("name", ["rest_login", "rest_register", "rest_password_reset"])
def test_public_endpoint_ignores_a_stale_token(name: str, browser: Browser, user: User) -> None:
    browser.access = "stale.token.indeed"
    passwords = dict.fromkeys(("password", "password1", "password2"), PASSWORD)
    body = {"email": user.email, "first_name": "Ada", "last_name": "O'Brien", **passwords}

    assert browser.call("post", name, body).status_code in {200, 201}


def wrong_password(user: User) -> tuple[str, str]:
    return user.email, "not the password"


def unknown_address(user: User) -> tuple[str, str]:
    return "nobody@example.test", PASSWORD


def inactive_account(user: User) -> tuple[str, str]:
    User.objects.filter(pk=user.pk).update(is_active=False)
    return user.email, PASSWORD


Case = Callable[[User], tuple[str, str]]
each_refusal = pytest.mark.parametrize("case", [wrong_password, unknown_address, inactive_account])


@each_refusal
def test_refusals_cannot_be_told_apart(case: Case, browser: Browser, user: User) -> None:
    response = browser.sign_in(*case(user))

    assert response.status_code == 401
    assert response.json() == {
        "detail": "The e-mail address or the password is incorrect.",
        "code": "incorrect_credentials",
    }
    assert response["WWW-Authenticate"] == "Bearer"
    assert not response.cookies
    assert not Session.objects.exists()


@each_refusal
def test_each_refusal_verifies_one_hash(
    case: Case, browser: Browser, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.sign_in("warm@example.test")
    email, password = case(user)
    verify, verified = CheapPasswordHasher.verify, []

    def verify_and_note(hasher: CheapPasswordHasher, password: str, encoded: str) -> bool:
        verified.append(encoded)
        return verify(hasher, password, encoded)

    monkeypatch.setattr(CheapPasswordHasher, "verify", verify_and_note)

    assert browser.sign_in(email, password).status_code == 401

    assert len(verified) == 1


def test_missing_verification_is_told_only_with_the_right_password(browser: Browser) -> None:
    unverified = make_user(email_verified=False)

    assert refusal(browser.sign_in(unverified.email, "wrong")) == (401, "incorrect_credentials")
    assert refusal(browser.sign_in(unverified.email)) == (401, "email_not_verified")


@pytest.mark.parametrize("mode", ["optional", "none", "False"])
def test_unverified_address_may_sign_in_unless_verification_is_mandatory(
    mode: str, browser: Browser, settings: Any
) -> None:
    settings.EMAIL_VERIFICATION = mode

    assert browser.sign_in(make_user(email_verified=False).email).status_code == 200


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"email", "password"}),
        ({"email": "no address", "password": "x"}, {"email"}),
        ({"email": "a@example.test", "password": ""}, {"password"}),
        ({"email": "a@example.test", "password": ["x"]}, {"password"}),
        ({"email": "a@example.test", "password": "x" * 129}, {"password"}),
        ({"email": "a@example.test", "password": "nul\x00"}, {"password"}),
        ({"email": f"{'a' * 300}@example.test", "password": "x"}, {"email"}),
        (["email"], {"non_field_errors"}),
    ],
)
def test_bad_input_is_named_by_field(body: Any, fields: set[str], browser: Browser) -> None:
    response = browser.call("post", "rest_login", body)

    assert (response.status_code, response.json()["codes"].keys()) == (400, fields)


def test_access_token_identifies_the_user_and_the_session(browser: Browser, user: User) -> None:
    access = browser.sign_in(user.email).json()["access"]

    claims = jwt.decode(access, options={"verify_signature": False})
    assert claims.pop("exp") - claims.pop("iat") == 300
    assert claims.pop("jti")
    assert claims == {
        "sub": str(user.pk),
        "sid": str(Session.objects.get().pk),
        "role": "USER",
        "email_verified": True,
        "amr": ["pwd"],
        "token_type": "access",
    }


def test_hash_with_other_parameters_is_replaced_without_ending_sessions(
    real_hashes: None, signed_in: Browser, user: User
) -> None:
    old = PBKDF2PasswordHasher().encode(PASSWORD, "salt", iterations=1)
    User.objects.filter(pk=user.pk).update(password=old)

    assert Browser().sign_in(user.email).status_code == 200

    user.refresh_from_db()
    assert user.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert Session.objects.count() == 2


def test_verified_credentials_end_with_the_password(user: User) -> None:
    credentials = prove(user)
    assert credentials is not None
    save(user, password=NEW_PASSWORD)

    with pytest.raises(IncorrectCredentials):
        sign_in.complete_sign_in(credentials, client=Client(None, ""), now=user.date_joined)

    assert not Session.objects.exists()


# The session that the browser had


def test_sign_in_ends_the_session_that_the_browser_had(signed_in: Browser, user: User) -> None:
    before = Session.objects.get().pk
    thief = with_token(signed_in.refresh_token)

    assert signed_in.sign_in(user.email).status_code == 200

    assert Session.objects.get().pk != before
    assert thief.refresh().status_code == 401
    assert signed_in.refresh().status_code == 200


@pytest.mark.parametrize("cookie", ["", "nonsense", "a.b.c"])
def test_cookie_that_is_no_token_ends_nothing(cookie: str, signed_in: Browser, user: User) -> None:
    assert with_token(cookie).sign_in(user.email).status_code == 200

    assert Session.objects.count() == 2


def test_failed_sign_in_ends_nothing(signed_in: Browser, user: User) -> None:
    signed_in.sign_in(user.email, "not the password")

    assert signed_in.refresh().status_code == 200


@pytest.mark.parametrize(
    ("leeway", "seconds", "client", "status"),
    [
        (10, 0, {}, 401),
        (10, 0, {"headers": {"User-Agent": "curl/8"}}, 200),
        (10, 0, {"REMOTE_ADDR": "203.0.113.9"}, 200),
        (10, 11, {}, 200),
        (0, 0, {}, 200),
    ],
    ids=["same client", "another program", "another network", "after the leeway", "no leeway"],
)
def test_rotated_token_ends_its_session_only_within_the_leeway_of_its_client(
    leeway: int,
    seconds: int,
    client: dict[str, Any],
    status: int,
    signed_in: Browser,
    settings: Any,
) -> None:
    settings.JWT_ALLAUTH_REFRESH_REUSE_LEEWAY = leeway
    copy = with_token(signed_in.rotate(), **client)

    with later(seconds):
        copy.sign_in(make_user().email)

        assert signed_in.refresh().status_code == status


def test_costs_three_queries(browser: Browser, user: User, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(3):
        assert browser.sign_in(user.email).status_code == 200
