"""Profile: a person reads and changes what the project knows of them."""

from typing import Any

import pytest

from accounts.models import Session, User
from tests.client import Browser

pytestmark = pytest.mark.django_db


def test_get_answers_the_callers_own_account(signed_in: Browser, user: User) -> None:
    response = signed_in.call("get", "rest_user_details")

    assert response.status_code == 200
    assert response.json() == {
        "email": user.email,
        "first_name": "Ada",
        "last_name": "O'Brien",
        "language": "en",
    }


def test_put_replaces_both_names(signed_in: Browser, user: User) -> None:
    body = {"email": user.email, "first_name": "Jean-Luc", "last_name": "李"}

    response = signed_in.call("put", "rest_user_details", body)

    assert response.json() == {**body, "language": "en"}
    user.refresh_from_db()
    assert (user.first_name, user.last_name) == ("Jean-Luc", "李")


def test_put_needs_what_it_replaces(signed_in: Browser) -> None:
    response = signed_in.call("put", "rest_user_details", {"first_name": "Grace"})

    assert response.status_code == 400
    assert set(response.json()) == {"email", "last_name"}


def test_patch_changes_only_what_it_brings(signed_in: Browser, user: User) -> None:
    response = signed_in.call("patch", "rest_user_details", {"first_name": "Grace"})

    assert response.status_code == 200
    user.refresh_from_db()
    assert (user.first_name, user.last_name) == ("Grace", "O'Brien")


def test_patch_of_nothing_changes_nothing(signed_in: Browser) -> None:
    assert signed_in.call("patch", "rest_user_details", {}).status_code == 200


def test_own_address_may_be_sent_along_in_any_case(signed_in: Browser, user: User) -> None:
    response = signed_in.call("patch", "rest_user_details", {"email": user.email.upper()})

    assert response.status_code == 200
    assert response.json()["email"] == user.email


@pytest.mark.parametrize("name", ["bell\x07", "http://evil.example", "www.evil.example", "x" * 151])
def test_what_is_no_name_is_refused(name: str, signed_in: Browser, user: User) -> None:
    response = signed_in.call("patch", "rest_user_details", {"first_name": name})

    assert response.status_code == 400
    assert set(response.json()) == {"first_name"}


@pytest.mark.parametrize("field", ["role", "is_superuser", "email_verified", "is_active", "id"])
def test_nobody_promotes_themselves(field: str, signed_in: Browser, user: User) -> None:
    signed_in.call("patch", "rest_user_details", {field: "ADMIN"})

    after = User.objects.get()
    assert (after.role, after.is_superuser, after.pk) == (User.Role.USER, False, user.pk)


def test_names_are_changed_without_ending_sessions(signed_in: Browser) -> None:
    signed_in.call("patch", "rest_user_details", {"first_name": "Grace"})

    assert signed_in.refresh().status_code == 200


def ended(user: User) -> None:
    Session.objects.all().delete()


def inactive(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def gone(user: User) -> None:
    user.delete()


@pytest.mark.parametrize("happens", [ended, inactive, gone])
@pytest.mark.parametrize("method", ["get", "put", "patch"])
def test_access_token_of_what_is_over_is_refused(
    happens: Any, method: str, signed_in: Browser, user: User
) -> None:
    happens(user)

    response = signed_in.call(method, "rest_user_details", {"first_name": "Grace"})

    assert (response.status_code, response.json()["code"]) == (401, "token_not_valid")
    assert not User.objects.filter(first_name="Grace").exists()


def test_account_that_is_deleted_meanwhile_is_refused(
    signed_in: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django.db.models.query.QuerySet.update", lambda *_, **__: 0)

    response = signed_in.call("patch", "rest_user_details", {"first_name": "Grace"})

    assert (response.status_code, response.json()["code"]) == (401, "token_not_valid")


def test_get_costs_one_query(signed_in: Browser, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        signed_in.call("get", "rest_user_details")


def test_patch_costs_two_queries(signed_in: Browser, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        signed_in.call("patch", "rest_user_details", {"first_name": "Grace"})


@pytest.mark.parametrize(
    ("method", "name", "body", "status"),
    [
        ("patch", "rest_user_details", {"email": "x"}, 400),
        ("put", "rest_user_details", {}, 400),
        ("delete", "rest_user_details", {}, 405),
        ("get", "jwt_allauth_mfa_authenticators", None, 403),
        ("post", "rest_password_change", {}, 400),
    ],
)
def test_refusals_are_not_to_be_stored(
    method: str, name: str, body: Any, status: int, signed_in: Browser, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "disabled"
    response = signed_in.call(method, name, body)

    assert (response.status_code, response["Cache-Control"]) == (status, "no-store")


@pytest.mark.parametrize("name", ["rest_user_details", "session_list"])
def test_refusal_of_an_anonymous_request_is_not_to_be_stored(name: str) -> None:
    response = Browser().call("get", name)

    assert (response.status_code, response["Cache-Control"]) == (401, "no-store")


def test_answer_about_a_path_that_is_none_is_not_to_be_stored() -> None:
    response = Browser().get("/api/auth/nowhere/")

    assert (response.status_code, response["Cache-Control"]) == (404, "no-store")
