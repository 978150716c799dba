"""The first password of an account that has none."""

from typing import Any

import pytest
from django.contrib.auth.hashers import make_password

from accounts.models import User
from tests.client import Browser
from tests.clock import later
from tests.flows.steps import refusal
from tests.mailbox import emails_to
from tests.people import NEW_PASSWORD, PASSWORD
from tests.races.concurrency import at_once


@pytest.fixture
def without_password(user: User, signed_in: Browser) -> Browser:
    """A browser of a user who has signed in with something else."""
    User.objects.filter(pk=user.pk).update(password=make_password(None))
    return signed_in


def set_first(browser: Browser, **fields: Any) -> Any:
    body = dict.fromkeys(("new_password1", "new_password2"), NEW_PASSWORD) | fields
    return browser.call("post", "rest_password_set", body)


def test_the_user_can_sign_in_with_the_password(user: User, without_password: Browser) -> None:
    response = set_first(without_password)

    assert response.status_code == 200
    assert response.json()["detail"] == "Your password has been set."
    assert Browser().sign_in(user.email, NEW_PASSWORD).status_code == 200


def test_every_session_ends_and_a_fresh_one_opens(user: User, without_password: Browser) -> None:
    former = without_password.access

    without_password.access = set_first(without_password).json()["access"]

    assert without_password.call("get", "rest_user_details").status_code == 200
    without_password.access = former
    assert without_password.call("get", "rest_user_details").status_code == 401


def test_sessions_stay_where_a_change_keeps_them(without_password: Browser, settings: Any) -> None:
    settings.LOGOUT_ON_PASSWORD_CHANGE = False

    assert set_first(without_password).json().keys() == {"detail"}
    assert without_password.call("get", "rest_user_details").status_code == 200


def test_the_owner_is_told(user: User, without_password: Browser) -> None:
    set_first(without_password)

    assert len(emails_to(user.email)) == 1


def test_an_account_with_a_password_keeps_it(user: User, signed_in: Browser) -> None:
    assert refusal(set_first(signed_in)) == (409, "password_exists")
    assert Browser().sign_in(user.email, PASSWORD).status_code == 200


def test_a_weak_password_is_refused(without_password: Browser) -> None:
    response = set_first(without_password, new_password1="password", new_password2="password")

    assert response.status_code == 400
    assert response.json().keys() == {"new_password1", "codes"}


def test_it_needs_a_recent_sign_in(without_password: Browser, settings: Any) -> None:
    settings.JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME = 3_600
    without_password.refresh()

    with later(16 * 60):
        assert refusal(set_first(without_password)) == (401, "reauthentication_required")


@pytest.mark.django_db(transaction=True)
def test_of_two_requests_at_once_one_sets_the_password(without_password: Browser) -> None:
    access = without_password.access

    def request(number: int) -> int:
        browser = Browser()
        browser.access = access
        return int(set_first(browser).status_code)

    results = at_once(2, request)

    assert results.count(200) == 1
    assert set(results) <= {200, 401, 409}
