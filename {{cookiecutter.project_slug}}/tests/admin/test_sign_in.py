"""Django admin's own sign-in asks for the second factor."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse

from accounts.models import FailedMfaAttempt, User
from accounts.services.mfa import authenticators
from tests.admin.steps import is_in, log_in
from tests.authenticator import Held, enrol
from tests.client import Browser
from tests.mailbox import emails_to
from tests.people import PASSWORD

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("optional_mfa")]


def attempt(user: User, code: str = "", password: str = PASSWORD) -> Any:
    """The answer to a sign-in of a new client; ``is_in`` tells whether it succeeded."""
    client = Client()
    response = log_in(client, user.email, password, code=code)
    response.is_in = is_in(client)
    return response


def errors(response: Any) -> dict[str, list[str]]:
    return dict(response.context["form"].errors)


def test_address_is_taken_in_any_case(admin: User, client: Client) -> None:
    log_in(client, admin.email.upper())

    assert is_in(client)


@pytest.mark.parametrize(("mode", "has_one"), [("optional", False), ("disabled", True)])
def test_password_is_enough_where_no_second_factor_is_asked_for(
    mode: str, has_one: bool, admin: User, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = mode
    if has_one:
        enrol(admin)

    assert attempt(admin).is_in


def test_account_with_a_second_factor_is_asked_for_a_code(admin: User, held: Held) -> None:
    response = attempt(admin)

    assert not response.is_in
    assert errors(response).keys() == {"code"}
    assert "Enter a code" in response.content.decode()
    assert not FailedMfaAttempt.objects.exists()


def test_account_without_the_required_second_factor_is_told_to_set_one_up(
    admin: User, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "required"

    response = attempt(admin)

    assert not response.is_in
    assert "you have not set it up yet" in errors(response)["__all__"][0]


@pytest.mark.parametrize("mode", ["optional", "required"])
def test_code_of_the_app_signs_in_once(mode: str, admin: User, held: Held, settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = mode
    code = held.app.code()

    assert attempt(admin, f"{code[:3]} {code[3:]}").is_in
    assert not attempt(admin, code).is_in


def test_recovery_code_signs_in_once(admin: User, held: Held) -> None:
    assert attempt(admin, held.recovery_codes[0]).is_in
    assert not attempt(admin, held.recovery_codes[0]).is_in


def test_code_that_signed_in_here_is_used_at_the_api_too(admin: User, held: Held) -> None:
    code = held.app.code()
    attempt(admin, code)
    challenge = Browser().sign_in(admin.email).json()["challenge_id"]

    answer = {"challenge_id": challenge, "code": code}
    response = Browser().call("post", "jwt_allauth_mfa_verify", answer)

    assert response.json()["code"] == "invalid_code"


def test_wrong_code_is_refused_and_counted(admin: User, held: Held) -> None:
    response = attempt(admin, held.app.wrong_code())

    assert not response.is_in
    assert errors(response).keys() == {"code"}
    assert list(FailedMfaAttempt.objects.values_list("user", "challenge_id")) == [(admin.pk, None)]


def test_code_is_neither_judged_nor_counted_without_the_password(admin: User, held: Held) -> None:
    code = held.app.code()

    for shown in (held.app.wrong_code(), code):
        assert errors(attempt(admin, shown, "wrong")).keys() == {"__all__"}

    assert not FailedMfaAttempt.objects.exists()
    assert attempt(admin, code).is_in


def test_user_who_is_no_staff_is_refused_before_any_code(user: User) -> None:
    held = enrol(user)

    response = attempt(user, held.app.code())

    assert errors(response).keys() == {"__all__"}
    assert Authenticator.objects.get(user=user, type="totp").last_used_at is None


def test_ten_wrong_codes_here_and_at_the_api_lock_both(admin: User, held: Held) -> None:
    challenge = Browser().sign_in(admin.email).json()["challenge_id"]
    answer = {"challenge_id": challenge, "code": held.app.wrong_code()}
    for _ in range(4):
        Browser().call("post", "jwt_allauth_mfa_verify", answer)
    for _ in range(6):
        attempt(admin, held.app.wrong_code())

    response = attempt(admin, held.app.code())

    assert not response.is_in
    assert "Too many incorrect codes" in errors(response)["code"][0]
    answer["code"] = held.app.code()
    assert Browser().call("post", "jwt_allauth_mfa_verify", answer).status_code == 429
    assert len(emails_to(admin.email)) == 1


@pytest.mark.parametrize("code", ["\x00", "é" * 40, "1" * 41, "' OR 1=1"])
def test_junk_is_a_wrong_code(code: str, admin: User, held: Held) -> None:
    assert errors(attempt(admin, code)).keys() == {"code"}


def replace(admin: User) -> None:
    authenticators.remove_all(admin)
    enrol(admin)


@pytest.mark.parametrize(
    ("has_one", "change"),
    [(True, authenticators.remove_all), (True, replace), (False, enrol)],
    ids=["removed", "replaced", "set up"],
)
def test_session_ends_when_the_second_factor_changes(
    has_one: bool, change: Callable[[User], Any], admin: User, client: Client
) -> None:
    log_in(client, admin.email, code=enrol(admin).app.code() if has_one else "")
    assert is_in(client)

    change(admin)

    assert not is_in(client)


@pytest.mark.parametrize(("has_one", "mode"), [(True, "optional"), (False, "required")])
def test_session_ends_when_the_second_factor_begins_to_be_asked_for(
    has_one: bool, mode: str, admin: User, client: Client, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "disabled"
    if has_one:
        enrol(admin)
    log_in(client, admin.email)
    assert is_in(client)

    settings.JWT_ALLAUTH_MFA_TOTP_MODE = mode

    assert not is_in(client)


def test_field_of_the_code_has_a_label_and_a_help_text(client: Client, db: None) -> None:
    page = client.get(reverse("admin:login")).content.decode()

    assert 'for="id_code"' in page
    assert 'autocomplete="one-time-code"' in page
    assert 'aria-describedby="id_code_helptext"' in page
    assert 'id="id_code_helptext"' in page


@pytest.mark.parametrize("length", [128, 129, 5_000])
def test_long_password_does_not_tell_whether_an_address_has_an_account(
    length: int, client: Client, user: User
) -> None:
    def page_for(email: str) -> str:
        page = str(log_in(client, email, "x" * length).content.decode())
        return re.sub(r'<input type="hidden"[^>]*>', "", page).replace(email, "")

    assert page_for(user.email) == page_for("nobody@example.test")
