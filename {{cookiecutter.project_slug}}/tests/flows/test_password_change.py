"""Password change: a person who is signed in sets another password."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.api.cookies import REFRESH_COOKIE
from accounts.models import Session, User
from mail.models import Mail
from tests.client import Browser
from tests.people import PASSWORD
from tests.queries import statements

pytestmark = pytest.mark.django_db

NEW = "another good pass phrase"


def change(browser: Browser, **fields: Any) -> Any:
    body = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW} | fields
    return browser.call(
        "post",
        "rest_password_change",
        {name: value for name, value in body.items() if value is not None},
    )


def test_new_password_signs_in_and_the_old_one_does_not(signed_in: Browser, user: User) -> None:
    assert change(signed_in).status_code == 200

    assert Browser().sign_in(user.email, NEW).status_code == 200
    assert Browser().sign_in(user.email, PASSWORD).status_code == 401


def test_every_session_ends_and_the_caller_gets_a_fresh_one(
    signed_in: Browser, sign_in: Callable[[], Browser]
) -> None:
    other, before = sign_in(), signed_in.refresh_token

    response = change(signed_in)

    assert set(response.json()) == {"detail", "access"}
    assert response["Cache-Control"] == "no-store"
    assert other.refresh().status_code == 401
    assert signed_in.refresh_token != before
    assert signed_in.refresh().status_code == 200
    assert Session.objects.count() == 1


def test_fresh_tokens_come_in_the_body_too(signed_in: Browser, settings: Any) -> None:
    settings.JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE = False

    response = change(signed_in)

    assert set(response.json()) == {"detail", "access", "refresh", "device"}
    assert REFRESH_COOKIE not in response.cookies


def test_sessions_may_be_kept(
    signed_in: Browser, sign_in: Callable[[], Browser], settings: Any
) -> None:
    settings.LOGOUT_ON_PASSWORD_CHANGE = False
    other = sign_in()

    response = change(signed_in)

    assert set(response.json()) == {"detail"}
    assert other.refresh().status_code == 200
    assert signed_in.refresh().status_code == 200


def test_old_password_may_be_left_out_where_a_setting_says_so(
    signed_in: Browser, settings: Any
) -> None:
    settings.OLD_PASSWORD_FIELD_ENABLED = False

    assert change(signed_in, old_password=None).status_code == 200


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"old_password": None}, "old_password"),
        ({"old_password": "not the password"}, "old_password"),
        ({"new_password2": "something else entirely"}, "new_password2"),
        ({"new_password1": "12345678", "new_password2": "12345678"}, "new_password1"),
        ({"new_password1": "password", "new_password2": "password"}, "new_password1"),
        ({"new_password1": "x" * 129, "new_password2": "x" * 129}, "new_password1"),
        ({"new_password1": None}, "new_password1"),
    ],
)
def test_refused_password_is_named_and_changes_nothing(
    fields: dict[str, Any], named: str, signed_in: Browser, user: User
) -> None:
    response = change(signed_in, **fields)

    assert response.status_code == 400
    assert named in response.json()
    assert Browser().sign_in(user.email, PASSWORD).status_code == 200


def test_password_like_the_address_is_refused(signed_in: Browser, user: User) -> None:
    response = change(signed_in, new_password1=user.email, new_password2=user.email)

    assert set(response.json()) == {"new_password1"}


def test_needs_a_live_session(signed_in: Browser) -> None:
    Session.objects.all().delete()

    assert change(signed_in).status_code == 401
    assert change(Browser()).status_code == 401


def test_owner_is_told_by_a_letter(signed_in: Browser, user: User) -> None:
    change(signed_in)

    mail = Mail.objects.get()
    assert (mail.kind, mail.recipient) == ("password_changed", user.email)


def test_refused_change_sends_no_letter(signed_in: Browser) -> None:
    change(signed_in, old_password="not the password")

    assert not Mail.objects.exists()


def test_costs_ten_queries(signed_in: Browser) -> None:
    with statements(10):
        change(signed_in)
