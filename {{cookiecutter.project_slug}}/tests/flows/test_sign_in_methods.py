"""The claim ``amr`` names the authentication methods of the session (RFC 8176)."""

from typing import Any

import jwt
import pytest

from accounts.models import User
from tests import acts
from tests.authenticator import Held
from tests.client import BY_CODE, BY_RECOVERY_CODE, Browser
from tests.flows.steps import challenge_for
from tests.people import NEW_PASSWORD, PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def mode(settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"


def methods_of(browser: Browser) -> list[str]:
    claims = jwt.decode(browser.access, options={"verify_signature": False})
    return list(claims["amr"])


@pytest.mark.parametrize("way", [BY_CODE, BY_RECOVERY_CODE], ids=["app", "recovery"])
def test_code_after_a_password_is_a_second_method(
    user: User, held: Held, way: tuple[str, str]
) -> None:
    browser = Browser()
    code = held.app.code() if way == BY_CODE else held.recovery_codes[0]

    browser.verify(challenge_for(user), code, way)

    assert methods_of(browser) == ["pwd", "otp", "mfa"]


def test_refresh_keeps_the_methods(user: User, held: Held) -> None:
    browser = Browser()
    browser.verify(challenge_for(user), held.app.code(), BY_CODE)

    browser.refresh()

    assert methods_of(browser) == ["pwd", "otp", "mfa"]


def test_new_password_is_the_method_of_a_sign_in_by_link(user: User) -> None:
    browser = Browser()

    browser.open_reset(user.email).set_password("rest_password_reset_set_new", NEW_PASSWORD)

    assert methods_of(browser) == ["pwd"]


def test_second_factor_that_is_set_up_or_removed_changes_the_methods(
    signed_in: Browser, user: User
) -> None:
    acts.set_up_second_factor(signed_in, user)
    signed_in.refresh()
    set_up = methods_of(signed_in)

    signed_in.call("post", "jwt_allauth_mfa_deactivate", {"password": PASSWORD})
    signed_in.refresh()

    assert set_up == ["pwd", "otp", "mfa"]
    assert methods_of(signed_in) == ["pwd"]


def test_changed_password_keeps_the_methods(signed_in: Browser, user: User) -> None:
    acts.set_up_second_factor(signed_in, user)

    response = signed_in.change_password()
    signed_in.access = response.json()["access"]

    assert methods_of(signed_in) == ["pwd", "otp", "mfa"]


def test_log_names_the_methods(browser: Browser, user: User, caplog: Any) -> None:
    browser.sign_in(user.email)

    [opened] = [record for record in caplog.records if record.message == "session_opened"]
    assert opened.methods == "pwd"
