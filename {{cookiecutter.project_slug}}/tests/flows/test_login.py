"""Login: an e-mail address and a password become a session."""

from collections.abc import Callable
from typing import Any

import jwt
import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.urls import reverse

from accounts import sign_in
from accounts.api.cookies import DEVICE_COOKIE, REFRESH_COOKIE
from accounts.errors import IncorrectCredentials
from accounts.models import Session, User
from accounts.services.client import Client
from tests.client import Browser
from tests.clock import later
from tests.people import PASSWORD, CheapPasswordHasher, make_user, prove

pytestmark = pytest.mark.django_db


def test_right_password_answers_an_access_token_and_sets_the_refresh_cookie(
    browser: Browser, user: User
) -> None:
    response = browser.sign_in(user.email)

    assert response.status_code == 200
    assert set(response.json()) == {"access"}
    cookie = response.cookies[REFRESH_COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["secure"]
    assert cookie["path"] == "/api/auth/"
    assert cookie["max-age"] == 14 * 86_400


def test_tokens_are_never_cached(browser: Browser, user: User) -> None:
    assert browser.sign_in(user.email)["Cache-Control"] == "no-store"


def test_no_cookies_but_the_refresh_token_and_the_device_are_set(
    browser: Browser, user: User
) -> None:
    assert set(browser.sign_in(user.email).cookies) == {REFRESH_COOKIE, DEVICE_COOKIE}


def test_body_mode_answers_both_tokens_and_sets_no_cookie(
    browser: Browser, user: User, settings: Any
) -> None:
    settings.JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE = False

    response = browser.sign_in(user.email)

    assert set(response.json()) == {"access", "refresh", "device"}
    assert not response.cookies
    assert response["Cache-Control"] == "no-store"


def test_cookie_is_not_secure_in_development(browser: Browser, user: User, settings: Any) -> None:
    settings.DEBUG = True

    assert not browser.sign_in(user.email).cookies[REFRESH_COOKIE]["secure"]


def test_address_is_taken_in_any_case(browser: Browser, user: User) -> None:
    assert browser.sign_in(user.email.upper()).status_code == 200


def test_session_remembers_the_device(browser: Browser, user: User) -> None:
    browser.call(
        "post",
        "rest_login",
        {"email": user.email, "password": PASSWORD},
        headers={"User-Agent": "Lynx/2.9"},
    )

    session = Session.objects.get()
    assert (session.user_agent, session.ip_address) == ("Lynx/2.9", "127.0.0.1")


def test_stale_access_token_does_not_block_a_login(browser: Browser, user: User) -> None:
    browser.access = "stale.token.indeed"

    assert browser.sign_in(user.email).status_code == 200


def wrong_password(user: User) -> tuple[str, str]:
    return user.email, "not the password"


def unknown_address(user: User) -> tuple[str, str]:
    return "nobody@example.test", PASSWORD


def inactive_account(user: User) -> tuple[str, str]:
    User.objects.filter(pk=user.pk).update(is_active=False)
    return user.email, PASSWORD


REFUSED = [wrong_password, unknown_address, inactive_account]


@pytest.mark.parametrize("case", REFUSED)
def test_refusals_cannot_be_told_apart(
    case: Callable[[User], tuple[str, str]], browser: Browser, user: User
) -> None:
    response = browser.sign_in(*case(user))

    assert response.status_code == 401
    assert response.json() == {
        "detail": "The e-mail address or the password is incorrect.",
        "code": "incorrect_credentials",
    }
    assert response["WWW-Authenticate"] == "Bearer"
    assert not response.cookies
    assert not Session.objects.exists()


@pytest.mark.parametrize("case", [wrong_password, unknown_address, inactive_account])
def test_each_refusal_verifies_one_hash(
    case: Callable[[User], tuple[str, str]],
    browser: Browser,
    user: User,
    monkeypatch: pytest.MonkeyPatch,
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


def test_unverified_address_is_told_only_with_the_right_password(browser: Browser) -> None:
    unverified = make_user(email_verified=False)

    assert browser.sign_in(unverified.email, "wrong").json()["code"] == "incorrect_credentials"
    response = browser.sign_in(unverified.email)
    assert (response.status_code, response.json()["code"]) == (401, "email_not_verified")


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

    assert response.status_code == 400
    assert set(response.json()) == fields


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ("{", "application/json", 400),
        ("[" * 20_000, "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        ("email=a&password=b", "application/x-www-form-urlencoded", 415),
    ],
)
def test_what_is_not_json_is_refused(
    body: Any, content_type: str, status: int, browser: Browser
) -> None:
    response = browser.post(reverse("rest_login"), data=body, content_type=content_type)

    assert response.status_code == status
    assert set(response.json()) == {"detail", "code"}


def test_access_token_says_who_and_what(browser: Browser, user: User) -> None:
    access = browser.sign_in(user.email).json()["access"]

    claims = jwt.decode(access, options={"verify_signature": False})
    assert claims.keys() == {
        "sub",
        "sid",
        "role",
        "email_verified",
        "jti",
        "iat",
        "exp",
        "token_type",
    }
    assert claims["sub"] == str(user.pk)
    assert claims["sid"] == str(Session.objects.get().pk)
    assert (claims["role"], claims["email_verified"]) == ("USER", True)
    assert claims["exp"] - claims["iat"] == 300


def test_hash_with_other_parameters_is_remade_without_ending_sessions(
    real_hashes: None, signed_in: Browser, user: User
) -> None:
    old = PBKDF2PasswordHasher().encode(PASSWORD, "salt", iterations=1)
    User.objects.filter(pk=user.pk).update(password=old)

    assert Browser().sign_in(user.email).status_code == 200

    user.refresh_from_db()
    assert user.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert Session.objects.count() == 2


def test_proof_is_worth_nothing_once_the_password_has_changed(user: User) -> None:
    credentials = prove(user)
    assert credentials is not None
    user.set_password("another good pass phrase")
    user.save()

    with pytest.raises(IncorrectCredentials):
        sign_in.complete_sign_in(credentials, client=Client(None, ""), now=user.date_joined)

    assert not Session.objects.exists()


def test_sign_in_ends_the_session_that_the_browser_had(signed_in: Browser, user: User) -> None:
    before = Session.objects.get().pk
    thief = Browser()
    thief.refresh_token = signed_in.refresh_token

    assert signed_in.sign_in(user.email).status_code == 200

    assert Session.objects.get().pk != before
    assert thief.refresh().status_code == 401
    assert signed_in.refresh().status_code == 200


def test_sign_in_as_another_ends_the_session_that_the_browser_had(signed_in: Browser) -> None:
    other = make_user()

    signed_in.sign_in(other.email)

    assert Session.objects.get().user_id == other.pk


@pytest.mark.parametrize("cookie", ["", "nonsense", "a.b.c"])
def test_cookie_that_is_no_token_ends_nothing(cookie: str, signed_in: Browser, user: User) -> None:
    browser = Browser()
    browser.refresh_token = cookie

    assert browser.sign_in(user.email).status_code == 200
    assert Session.objects.count() == 2


def test_failed_sign_in_leaves_the_session_that_the_browser_had(
    signed_in: Browser, user: User
) -> None:
    signed_in.sign_in(user.email, "not the password")

    assert signed_in.refresh().status_code == 200


def test_sign_in_in_body_mode_leaves_other_sessions(
    signed_in: Browser, user: User, settings: Any
) -> None:
    settings.JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE = False

    signed_in.sign_in(user.email)

    assert Session.objects.count() == 2


def test_token_that_was_just_rotated_ends_its_session_too(signed_in: Browser) -> None:
    tab = Browser()
    tab.refresh_token = signed_in.refresh_token
    signed_in.refresh()

    tab.sign_in(make_user().email)

    assert signed_in.refresh().status_code == 401


ELSEWHERE: list[dict[str, Any]] = [
    {"headers": {"User-Agent": "curl/8"}},
    {"REMOTE_ADDR": "203.0.113.9"},
]


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_token_that_another_client_rotated_ends_no_session(
    elsewhere: dict[str, Any], signed_in: Browser
) -> None:
    copy = Browser(**elsewhere)
    copy.refresh_token = signed_in.refresh_token
    signed_in.refresh()

    copy.sign_in(make_user().email)

    assert signed_in.refresh().status_code == 200


def test_rotated_token_ends_no_session_where_the_leeway_is_off(
    signed_in: Browser, settings: Any
) -> None:
    settings.JWT_ALLAUTH_REFRESH_REUSE_LEEWAY = 0
    copy = Browser()
    copy.refresh_token = signed_in.refresh_token
    signed_in.refresh()

    copy.sign_in(make_user().email)

    assert signed_in.refresh().status_code == 200


def test_consumed_token_ends_no_session(signed_in: Browser) -> None:
    copy = Browser()
    copy.refresh_token = signed_in.refresh_token
    signed_in.refresh()
    with later(11):
        copy.sign_in(make_user().email)

        assert signed_in.refresh().status_code == 200


def test_costs_three_queries(browser: Browser, user: User, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(3):
        assert browser.sign_in(user.email).status_code == 200
