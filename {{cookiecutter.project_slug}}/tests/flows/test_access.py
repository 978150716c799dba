"""Access: which requests the endpoints of a signed-in user refuse."""

import uuid
from typing import Any

import pytest

from accounts.models import Session, User
from tests.client import Browser
from tests.clock import later
from tests.flows.steps import refusal, signed_in_admin, signed_in_as
from tests.people import NEW_PASSWORD, PASSWORD

pytestmark = pytest.mark.django_db

PASSWORDS = {"old_password": PASSWORD, "new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
ENDPOINTS: list[tuple[str, str, dict[str, str]]] = [
    ("get", "rest_user_details", {}),
    ("put", "rest_user_details", {"first_name": "Grace"}),
    ("patch", "rest_user_details", {"first_name": "Grace"}),
    ("get", "session_list", {}),
    ("delete", "session_detail", {}),
    ("post", "rest_logout", {}),
    ("post", "rest_logout_all", {}),
    ("post", "rest_password_change", PASSWORDS),
    ("post", "rest_user_register", {"email": "new@example.test", "role": "USER"}),
    ("post", "jwt_allauth_mfa_setup", {}),
    ("post", "jwt_allauth_mfa_activate", {"code": "123456"}),
    ("post", "jwt_allauth_mfa_deactivate", {"password": PASSWORD}),
    ("get", "jwt_allauth_mfa_authenticators", {}),
    ("get", "user_history", {}),
    ("get", "user_export", {}),
    ("post", "user_close", {}),
]
each_endpoint = pytest.mark.parametrize(("method", "name", "body"), ENDPOINTS)


@pytest.fixture(autouse=True)
def _everything_is_on(settings: Any) -> None:
    settings.JWT_ALLAUTH_INVITATIONS = True
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"


def call(browser: Browser, method: str, name: str, body: dict[str, str]) -> Any:
    kwargs = {"session_id": uuid.uuid4()} if name == "session_detail" else None
    return browser.call(method, name, body, kwargs=kwargs)


@each_endpoint
def test_anonymous_request_is_refused(method: str, name: str, body: dict[str, str]) -> None:
    response = call(Browser(), method, name, body)

    assert refusal(response) == (401, "not_authenticated")
    assert response["WWW-Authenticate"] == "Bearer"


def end_session(user: User) -> None:
    Session.objects.all().delete()


def close_account(user: User) -> None:
    User.objects.update(is_active=False)


def delete_account(user: User) -> None:
    user.delete()


@each_endpoint
@pytest.mark.parametrize("happens", [end_session, close_account, delete_account])
def test_access_token_of_an_ended_session_is_refused(
    happens: Any, method: str, name: str, body: dict[str, str]
) -> None:
    browser = signed_in_admin()
    happens(User.objects.get())

    assert refusal(call(browser, method, name, body)) == (401, "token_not_valid")
    assert not User.objects.filter(first_name="Grace").exists()


def test_access_token_ends_with_its_session(user: User, settings: Any) -> None:
    settings.JWT_ALLAUTH_SESSION_LIFETIME = 100
    browser = signed_in_as(user)

    # Within the skew that is allowed to a clock.
    with later(102):
        response = browser.call("get", "rest_user_details")

    assert refusal(response) == (401, "token_not_valid")
