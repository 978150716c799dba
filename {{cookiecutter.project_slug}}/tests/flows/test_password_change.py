"""Password change: a user who is signed in sets another password."""

from typing import Any

import pytest

from accounts.models import Session, User
from accounts.services.passwords import replacement
from mail.models import Mail
from tests.authenticator import enrol
from tests.client import Browser
from tests.clock import later
from tests.flows.steps import meanwhile, refusal, signed_in_as, signed_in_with_code
from tests.people import NEW_PASSWORD, PASSWORD
from tests.queries import statements

pytestmark = pytest.mark.django_db

DAY = 86_400
NEW = ("new_password1", "new_password2")


def test_new_password_signs_in_and_the_old_one_does_not(signed_in: Browser, user: User) -> None:
    assert signed_in.change_password().status_code == 200

    assert Browser().sign_in(user.email, NEW_PASSWORD).status_code == 200
    assert Browser().sign_in(user.email, PASSWORD).status_code == 401


def test_every_session_ends_and_the_caller_gets_a_new_one(signed_in: Browser, user: User) -> None:
    other, before = signed_in_as(user), signed_in.refresh_token

    response = signed_in.change_password()

    assert response.json().keys() == {"detail", "access"}
    assert response["Cache-Control"] == "no-store"
    assert other.refresh().status_code == 401
    assert signed_in.refresh_token != before
    assert signed_in.refresh().status_code == 200
    assert Session.objects.count() == 1


def test_sessions_may_be_kept(signed_in: Browser, user: User, settings: Any) -> None:
    settings.LOGOUT_ON_PASSWORD_CHANGE = False
    other = signed_in_as(user)

    response = signed_in.change_password()

    assert response.json().keys() == {"detail"}
    assert other.refresh().status_code == 200
    assert signed_in.refresh().status_code == 200


def test_old_password_may_be_switched_off(signed_in: Browser, settings: Any) -> None:
    settings.OLD_PASSWORD_FIELD_ENABLED = False

    assert signed_in.change_password(old_password=None).status_code == 200


def test_without_the_old_password_the_sign_in_must_be_recent(user: User, settings: Any) -> None:
    settings.OLD_PASSWORD_FIELD_ENABLED = False
    settings.JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME = 3_600
    browser = signed_in_as(user)

    with later(901):
        response = browser.change_password(old_password=None)

    assert refusal(response) == (401, "reauthentication_required")


def test_new_session_is_as_old_as_the_former_one(user: User, settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    settings.JWT_ALLAUTH_SESSION_LIFETIME = 30 * DAY
    held = enrol(user)
    browser = signed_in_with_code(user, held)
    with later(13 * DAY):
        browser.refresh()

        browser.access = browser.change_password().json()["access"]

        again = (401, "reauthentication_required")
        assert refusal(browser.call("get", "user_export")) == again
        assert refusal(browser.change_profile(email="thief@example.test")) == again
        assert "mfa" in Session.objects.get().methods
    with later(20 * DAY):
        assert browser.refresh().status_code == 200
    with later(30 * DAY):
        assert browser.refresh().status_code == 401


def test_without_the_old_password_no_change_makes_the_sign_in_recent(
    user: User, settings: Any
) -> None:
    settings.OLD_PASSWORD_FIELD_ENABLED = False
    browser = signed_in_as(user)
    with later(10 * 60):
        browser.refresh()
        browser.access = browser.change_password(old_password=None).json()["access"]
    with later(20 * 60):
        browser.refresh()
        response = browser.change_password(old_password=None, new_password1="x", new_password2="x")

        assert refusal(response) == (401, "reauthentication_required")


def test_factor_that_is_set_up_meanwhile_is_asked_for(
    signed_in: Browser, user: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    meanwhile(monkeypatch, replacement, "make_password", lambda: enrol(user))

    response = signed_in.change_password()

    assert (response.status_code, response.json()["mfa_required"]) == (200, True)
    assert Browser().sign_in(user.email, NEW_PASSWORD).status_code == 200


@pytest.mark.parametrize(
    ("fields", "named", "code"),
    [
        ({"old_password": None}, "old_password", "required"),
        ({"old_password": "not the password"}, "old_password", "incorrect_password"),
        ({"new_password2": "something else entirely"}, "new_password2", "password_mismatch"),
        (dict.fromkeys(NEW, "12345678"), "new_password1", "password_too_common"),
        (dict.fromkeys(NEW, "password"), "new_password1", "password_too_common"),
        (dict.fromkeys(NEW, "x" * 129), "new_password1", "max_length"),
        ({"new_password1": None}, "new_password1", "required"),
    ],
)
def test_refused_password_is_named_and_changes_nothing(
    fields: dict[str, Any], named: str, code: str, signed_in: Browser, user: User
) -> None:
    response = signed_in.change_password(**fields)

    assert response.status_code == 400
    assert code in response.json()["codes"][named]
    assert Browser().sign_in(user.email, PASSWORD).status_code == 200
    assert not Mail.objects.exists()


def test_password_like_the_address_is_refused(signed_in: Browser, user: User) -> None:
    response = signed_in.change_password(new_password1=user.email, new_password2=user.email)

    assert response.json()["codes"].keys() == {"new_password1"}


def test_costs_sixteen_queries(signed_in: Browser) -> None:
    with statements(16):
        signed_in.change_password()
