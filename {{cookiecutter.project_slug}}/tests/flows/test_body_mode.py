"""Body mode: without JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE all tokens are in the bodies."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import Session, User
from tests.authenticator import enrol
from tests.client import BY_CODE, BY_RECOVERY_CODE, Browser
from tests.flows.steps import challenge_for, setup_challenge_for, signed_in_admin, signed_in_as
from tests.mailbox import link_to

pytestmark = pytest.mark.django_db

NEW = "new@example.test"


@pytest.fixture(autouse=True)
def _body_mode(settings: Any) -> None:
    settings.JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE = False


def by_login(user: User, settings: Any) -> Any:
    return Browser().sign_in(user.email)


def by_sign_up(user: User, settings: Any) -> Any:
    settings.EMAIL_VERIFICATION = "none"
    return Browser().sign_up(NEW)


def by_reset(user: User, settings: Any) -> Any:
    return Browser().reset_password(user.email)


def by_invitation(user: User, settings: Any) -> Any:
    settings.JWT_ALLAUTH_INVITATIONS = True
    signed_in_admin().invite(NEW)
    browser = Browser()
    browser.get(link_to(NEW))
    return browser.accept()


def by_password_change(user: User, settings: Any) -> Any:
    return signed_in_as(user).change_password()


def by_code(user: User, settings: Any) -> Any:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    app = enrol(user).app
    return Browser().verify(challenge_for(user), app.code(), BY_CODE)


def by_recovery_code(user: User, settings: Any) -> Any:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    [code, *_] = enrol(user).recovery_codes
    return Browser().verify(challenge_for(user), code, BY_RECOVERY_CODE)


def by_enrolment(user: User, settings: Any) -> Any:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "required"
    challenge = setup_challenge_for(user)
    return Browser().activate(Browser().set_up(challenge).code(), challenge)


@pytest.mark.parametrize(
    ("signs_in", "besides"),
    [
        (by_login, set()),
        (by_sign_up, set()),
        (by_reset, {"detail"}),
        (by_invitation, {"detail"}),
        (by_password_change, {"detail"}),
        (by_code, set()),
        (by_recovery_code, set()),
        (by_enrolment, {"success", "recovery_codes"}),
    ],
)
def test_sign_in_answers_both_tokens_and_the_device(
    signs_in: Callable[[User, Any], Any], besides: set[str], user: User, settings: Any
) -> None:
    response = signs_in(user, settings)

    assert response.json().keys() == {"access", "refresh", "device"} | besides
    assert not {"refresh_token", "known_device"} & response.cookies.keys()
    assert response["Cache-Control"] == "no-store"


def test_sign_in_ends_no_session_of_a_cookie(signed_in: Browser, user: User) -> None:
    signed_in.sign_in(user.email)

    assert Session.objects.count() == 2


@pytest.fixture
def token(user: User) -> str:
    return str(Browser().sign_in(user.email).json()["refresh"])


def test_refresh_rotates_the_token_and_checks_no_origin(browser: Browser, token: str) -> None:
    headers = {"Origin": "https://evil.example"}

    response = browser.call("post", "token_refresh", {"refresh": token}, headers=headers)

    assert response.status_code == 200
    assert response.json()["refresh"] != token
    assert not response.cookies


def test_refresh_ignores_the_cookie(browser: Browser, token: str) -> None:
    browser.refresh_token = token

    assert browser.refresh().status_code == 401


@pytest.mark.parametrize("refresh", [7, ["x"], {"a": 1}])
def test_refresh_token_of_a_wrong_type_is_refused(refresh: Any, browser: Browser) -> None:
    assert browser.call("post", "token_refresh", {"refresh": refresh}).status_code in {400, 401}


def test_logout_takes_the_token(browser: Browser, user: User) -> None:
    token = browser.sign_in(user.email).json()["refresh"]

    response = browser.call("post", "rest_logout", {"refresh": token})

    assert response.status_code == 200
    assert not response.cookies
    assert not Session.objects.exists()
