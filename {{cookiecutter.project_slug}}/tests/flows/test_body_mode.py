"""Body mode: without JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE all tokens are in the bodies."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
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
