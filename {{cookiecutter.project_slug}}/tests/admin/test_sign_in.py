"""Django admin's own sign-in asks for the second factor."""

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse

from accounts.models import FailedMfaAttempt, User
from accounts.services.mfa import authenticators
from tests.authenticator import Held, enrol
from tests.client import Browser
from tests.mailbox import letters_to
from tests.people import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def mode(settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"


@pytest.fixture
def held(admin: User) -> Held:
    return enrol(admin)


def log_in(user: User, code: str = "", password: str = PASSWORD) -> Any:
    """The answer; ``is_in`` says whether its client may see the admin's pages."""
    client = Client(enforce_csrf_checks=False)
    fields = {"username": user.email, "password": password, "code": code}
    response: Any = client.post(reverse("admin:login"), fields)
    response.is_in = client.get(reverse("admin:index")).status_code == 200
    return response


def errors(response: Any) -> dict[str, list[str]]:
    return dict(response.context["form"].errors)


def test_password_is_enough_for_whoever_has_no_second_factor(admin: User) -> None:
    assert log_in(admin).is_in


def test_whoever_has_one_is_asked_for_a_code(admin: User, held: Held) -> None:
    response = log_in(admin)

    assert not response.is_in
    assert errors(response).keys() == {"code"}
    assert "Enter a code" in response.content.decode()
    assert not FailedMfaAttempt.objects.exists()


def test_whoever_has_none_is_sent_to_set_one_up_where_it_is_required(
    admin: User, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "required"

    response = log_in(admin)

    assert not response.is_in
    assert "you have not set it up yet" in errors(response)["__all__"][0]


@pytest.mark.parametrize("mode", ["optional", "required"])
def test_code_of_the_app_signs_in_once(mode: str, admin: User, held: Held, settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = mode
    code = held.app.code()

    assert log_in(admin, f"{code[:3]} {code[3:]}").is_in
    assert not log_in(admin, code).is_in


def test_recovery_code_signs_in_once(admin: User, held: Held) -> None:
    assert log_in(admin, held.recovery_codes[0]).is_in
    assert not log_in(admin, held.recovery_codes[0]).is_in


def test_code_that_signed_in_here_is_spent_at_the_api_too(admin: User, held: Held) -> None:
    code = held.app.code()
    log_in(admin, code)
    challenge = Browser().sign_in(admin.email).json()["challenge_id"]

    answer = {"challenge_id": challenge, "code": code}
    response = Browser().call("post", "jwt_allauth_mfa_verify", answer)

    assert response.json()["code"] == "invalid_code"


def test_wrong_code_is_refused_and_counted(admin: User, held: Held) -> None:
    response = log_in(admin, held.app.wrong_code())

    assert not response.is_in
    assert errors(response).keys() == {"code"}
    assert list(FailedMfaAttempt.objects.values_list("user", "challenge_id")) == [(admin.pk, None)]


def test_nobody_is_asked_where_it_is_disabled(admin: User, held: Held, settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "disabled"

    assert log_in(admin).is_in


def test_wrong_password_says_nothing_of_the_code_and_spends_none(admin: User, held: Held) -> None:
    code = held.app.code()

    response = log_in(admin, code, "wrong")

    assert errors(response).keys() == {"__all__"}
    assert log_in(admin, code).is_in


def test_guesses_without_the_password_lock_nobody_out(admin: User, held: Held) -> None:
    log_in(admin, held.app.wrong_code(), "wrong")

    assert not FailedMfaAttempt.objects.exists()


def test_whoever_is_no_staff_is_refused_before_any_code(user: User) -> None:
    held = enrol(user)

    response = log_in(user, held.app.code())

    assert errors(response).keys() == {"__all__"}
    assert Authenticator.objects.get(user=user, type="totp").last_used_at is None


def test_ten_wrong_codes_here_and_at_the_api_lock_both(admin: User, held: Held) -> None:
    challenge = Browser().sign_in(admin.email).json()["challenge_id"]
    answer = {"challenge_id": challenge, "code": held.app.wrong_code()}
    for _ in range(4):
        Browser().call("post", "jwt_allauth_mfa_verify", answer)
    for _ in range(6):
        log_in(admin, held.app.wrong_code())

    response = log_in(admin, held.app.code())

    assert not response.is_in
    assert "Too many incorrect codes" in errors(response)["code"][0]
    answer["code"] = held.app.code()
    assert Browser().call("post", "jwt_allauth_mfa_verify", answer).status_code == 429
    assert len(letters_to(admin.email)) == 1


@pytest.mark.parametrize("code", ["\x00", "é" * 40, "1" * 41, "' OR 1=1"])
def test_junk_is_a_wrong_code(code: str, admin: User, held: Held) -> None:
    assert errors(log_in(admin, code)).keys() == {"code"}


@pytest.mark.parametrize("begins_with_one", [True, False], ids=["removed", "set up"])
def test_signed_in_page_ends_when_the_second_factor_changes(
    begins_with_one: bool, admin: User
) -> None:
    code = enrol(admin).app.code() if begins_with_one else ""
    client = Client()
    client.post(
        reverse("admin:login"), {"username": admin.email, "password": PASSWORD, "code": code}
    )
    assert client.get(reverse("admin:index")).status_code == 200

    authenticators.remove_all(admin) if begins_with_one else enrol(admin)

    assert client.get(reverse("admin:index")).status_code == 302


def signed_in_client(admin: User, code: str) -> Client:
    client = Client()
    fields = {"username": admin.email, "password": PASSWORD, "code": code}
    client.post(reverse("admin:login"), fields)
    assert client.get(reverse("admin:index")).status_code == 200
    return client


def test_signed_in_page_does_not_come_back_with_the_next_second_factor(
    admin: User, held: Held
) -> None:
    client = signed_in_client(admin, held.app.code())

    authenticators.remove_all(admin)
    enrol(admin)

    assert client.get(reverse("admin:index")).status_code == 302


@pytest.mark.parametrize(("has_one", "switched_to"), [(True, "optional"), (False, "required")])
def test_signed_in_page_ends_when_the_second_factor_begins_to_be_asked_for(
    has_one: bool, switched_to: str, admin: User, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "disabled"
    if has_one:
        enrol(admin)
    client = signed_in_client(admin, "")

    settings.JWT_ALLAUTH_MFA_TOTP_MODE = switched_to

    assert client.get(reverse("admin:index")).status_code == 302


def test_page_has_a_label_and_a_help_text_for_each_field(admin: User, client: Client) -> None:
    page = client.get(reverse("admin:login")).content.decode()

    assert 'for="id_code"' in page
    assert 'autocomplete="one-time-code"' in page
    assert 'aria-describedby="id_code_helptext"' in page
    assert 'id="id_code_helptext"' in page


@pytest.mark.parametrize("length", [128, 129, 5_000])
def test_long_password_tells_nobody_who_has_an_account(
    length: int, client: Client, user: User
) -> None:
    def said(email: str) -> str:
        body = {"username": email, "password": "x" * length}
        page = str(client.post(reverse("admin:login"), body).content.decode())
        return re.sub(r'<input type="hidden"[^>]*>', "", page).replace(email, "")

    assert said(user.email) == said("nobody@example.test")
