"""Profile: users read and change what the project stores about them."""

from typing import Any

import pytest

from accounts.models import User
from tests.client import Browser
from tests.flows.steps import meanwhile, refusal
from tests.queries import statements

pytestmark = pytest.mark.django_db

NOT_VALID = (401, "token_not_valid")


def test_get_answers_the_account_of_the_caller(signed_in: Browser, user: User) -> None:
    with statements(1):
        response = signed_in.call("get", "rest_user_details")

    assert response.status_code == 200
    names = {"first_name": "Ada", "last_name": "O'Brien"}
    expected = {
        "email": user.email,
        **names,
        "language": "en",
        "id": str(user.pk),
        "role": "USER",
        "email_verified": True,
        "has_password": True,
        "mfa_enabled": False,
        "date_joined": user.date_joined.isoformat().replace("+00:00", "Z"),
    }
    assert expected.items() <= response.json().items()


@pytest.mark.parametrize(
    ("changed", "field", "shown"),
    [
        ({"role": "STAFF"}, "role", "STAFF"),
        ({"email_verified": False}, "email_verified", False),
        ({"has_second_factor": True}, "mfa_enabled", True),
        ({"password": "!"}, "has_password", False),
    ],
)
def test_get_shows_the_account_as_it_is_now(
    changed: dict[str, Any], field: str, shown: Any, signed_in: Browser
) -> None:
    User.objects.update(**changed)

    assert signed_in.call("get", "rest_user_details").json()[field] == shown


@pytest.mark.parametrize("method", ["put", "patch"])
def test_read_only_fields_are_ignored(method: str, signed_in: Browser) -> None:
    before = signed_in.call("get", "rest_user_details").json()
    changed = {
        "id": "0",
        "role": "ADMIN",
        "email_verified": False,
        "has_password": False,
        "mfa_enabled": True,
        "date_joined": "never",
    }

    response = signed_in.call(method, "rest_user_details", before | changed)

    assert (response.status_code, response.json()) == (200, before)


def test_put_replaces_both_names(signed_in: Browser, user: User) -> None:
    body = {"email": user.email, "first_name": "Jean-Luc", "last_name": "李"}

    response = signed_in.call("put", "rest_user_details", body)

    assert {**body, "language": "en"}.items() <= response.json().items()
    user.refresh_from_db()
    assert (user.first_name, user.last_name) == ("Jean-Luc", "李")


def test_put_needs_each_field(signed_in: Browser) -> None:
    response = signed_in.call("put", "rest_user_details", {"first_name": "Grace"})

    assert response.status_code == 400
    assert response.json()["codes"].keys() == {"email", "last_name"}


def test_patch_changes_the_given_fields_and_ends_no_session(signed_in: Browser, user: User) -> None:
    with statements(4):
        response = signed_in.change_profile(first_name="Grace")

    assert response.status_code == 200
    user.refresh_from_db()
    assert (user.first_name, user.last_name) == ("Grace", "O'Brien")
    assert signed_in.refresh().status_code == 200


def test_patch_without_a_field_changes_nothing(signed_in: Browser) -> None:
    assert signed_in.change_profile().status_code == 200


def test_own_address_may_be_sent_in_any_case(signed_in: Browser, user: User) -> None:
    response = signed_in.change_profile(email=user.email.upper())

    assert (response.status_code, response.json()["email"]) == (200, user.email)


@pytest.mark.parametrize("name", ["bell\x07", "http://evil.example", "www.evil.example", "x" * 151])
def test_bad_name_is_refused(name: str, signed_in: Browser) -> None:
    response = signed_in.change_profile(first_name=name)

    assert (response.status_code, response.json()["codes"].keys()) == (400, {"first_name"})


@pytest.mark.parametrize("field", ["role", "is_superuser", "email_verified", "is_active", "id"])
def test_users_do_not_promote_themselves(field: str, signed_in: Browser) -> None:
    before = User.objects.values().get()

    signed_in.change_profile(**{field: "ADMIN"})

    assert User.objects.values().get() == before


def test_account_that_is_deleted_meanwhile_is_refused(
    signed_in: Browser, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile(monkeypatch, User.objects, "lock_unchanged", user.delete)

    assert refusal(signed_in.change_profile(first_name="Grace")) == NOT_VALID


@pytest.mark.parametrize(
    ("method", "name", "body", "status"),
    [
        ("get", "rest_user_details", None, 200),
        ("get", "session_list", None, 200),
        ("patch", "rest_user_details", {"email": "x"}, 400),
        ("put", "rest_user_details", {}, 400),
        ("delete", "rest_user_details", {}, 405),
        ("get", "jwt_allauth_mfa_authenticators", None, 403),
        ("post", "rest_password_change", {}, 400),
    ],
)
def test_answers_about_a_user_are_not_stored(
    method: str, name: str, body: Any, status: int, signed_in: Browser
) -> None:
    response = signed_in.call(method, name, body)

    assert (response.status_code, response["Cache-Control"]) == (status, "no-store")
