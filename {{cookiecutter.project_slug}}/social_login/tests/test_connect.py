"""Connecting and disconnecting an account while signed in."""

import uuid
from typing import Any

import pytest

from accounts.models import Session, User
from social_login.models import SocialAccount
from social_login.tests.steps import (
    GRACE,
    authorize,
    call_back,
    complete,
    error_of,
    go,
    query_of,
    sign_in,
    start,
)
from tests.client import Browser
from tests.clock import later
from tests.flows.steps import refusal
from tests.mailbox import emails_to
from tests.people import make_user
from tests.races.concurrency import at_once, overtaken


@pytest.fixture
def member(guest: Browser, user: User, signed_in: Browser) -> Browser:
    """A browser that ``user`` is signed in with, with a password."""
    return signed_in


def connect(browser: Browser, **person: str) -> Any:
    return complete(browser, go(browser, **person)["code"])


def disconnect(browser: Browser, account_id: Any) -> Any:
    return browser.call("delete", "social_account", kwargs={"account_id": account_id})


def test_an_account_with_another_address_is_connected(member: Browser, user: User) -> None:
    response = connect(member)

    assert response.status_code == 201
    account = SocialAccount.objects.get()
    assert account.user == user
    assert response.json() == {
        "id": str(account.pk),
        "provider": "oidc",
        "name": "Demo ID",
        "email": GRACE["email"],
        "created": response.json()["created"],
        "last_used": response.json()["created"],
    }
    assert member.call("get", "social_accounts").json() == [response.json()]


def test_it_signs_in_to_the_account(member: Browser, user: User) -> None:
    connect(member)

    browser = Browser()
    sign_in(browser)

    assert browser.call("get", "rest_user_details").json()["email"] == user.email


def test_an_unverified_address_at_the_provider_does_not_matter(member: Browser) -> None:
    assert connect(member, email_verified="").status_code == 201


def test_the_owner_is_told_of_both(member: Browser, user: User) -> None:
    account = connect(member).json()
    disconnect(member, account["id"])

    assert [str(message.subject) for message in emails_to(user.email)] == [
        "Demo ID is connected to your account",
        "Demo ID is disconnected from your account",
    ]


def test_connecting_opens_no_session(member: Browser) -> None:
    connect(member)

    assert Session.objects.count() == 1


def test_connecting_needs_a_recent_sign_in(member: Browser) -> None:
    with later(16 * 60):
        member.refresh()
        assert refusal(start(member)) == (401, "reauthentication_required")


def test_a_stale_access_token_does_not_start_a_sign_in(member: Browser) -> None:
    member.access = "stale"

    assert refusal(start(member)) == (401, "token_not_valid")
    assert refusal(start(member, next=7)) == (401, "token_not_valid")


def test_what_another_user_has_connected_is_refused(member: Browser) -> None:
    sign_in(Browser())

    assert refusal(connect(member)) == (409, "already_connected")
    assert SocialAccount.objects.get().user.email == GRACE["email"]


def test_what_is_connected_is_not_connected_again(member: Browser) -> None:
    connect(member)

    assert refusal(connect(member)) == (409, "already_connected")


def test_connecting_ends_with_the_session(member: Browser) -> None:
    code = go(member)["code"]
    member.sign_out()

    assert refusal(complete(member, code)) == (401, "token_not_valid")
    assert not SocialAccount.objects.exists()


def test_another_browser_cannot_end_what_a_user_started(member: Browser) -> None:
    """The attacker starts, and lets the victim sign in at the provider."""
    victim = Browser()
    url = start(member).json()["authorization_url"]

    response = call_back(victim, authorize(url))

    assert query_of(response["Location"]) == {"error": "state_mismatch"}
    assert not SocialAccount.objects.exists()


def test_a_disconnected_account_no_longer_signs_in(member: Browser, user: User) -> None:
    account = connect(member, email=user.email).json()
    response = disconnect(member, account["id"])

    assert response.status_code == 204
    assert error_of(Browser(), email=user.email, email_verified="") == "email_not_verified"


def test_disconnecting_ends_every_other_session(member: Browser, user: User) -> None:
    account = connect(member, email=user.email).json()
    other = Browser()
    other.sign_in(user.email)

    disconnect(member, account["id"])

    assert other.refresh().status_code == 401
    assert member.refresh().status_code == 200


def test_disconnecting_needs_a_recent_sign_in(member: Browser) -> None:
    account = connect(member).json()

    with later(16 * 60):
        member.refresh()
        assert refusal(disconnect(member, account["id"])) == (401, "reauthentication_required")


def test_the_account_of_another_user_does_not_exist(member: Browser) -> None:
    sign_in(Browser())

    assert disconnect(member, SocialAccount.objects.get().pk).status_code == 404
    assert disconnect(member, uuid.uuid4()).status_code == 404
    assert member.call("get", "social_accounts").json() == []


def test_the_last_way_in_stays(guest: Browser) -> None:
    sign_in(guest)
    account = SocialAccount.objects.get()

    assert refusal(disconnect(guest, account.pk)) == (409, "last_way_in")
    assert SocialAccount.objects.exists()
    assert not emails_to(GRACE["email"])


def test_of_two_ways_one_can_go(guest: Browser) -> None:
    sign_in(guest)
    first = SocialAccount.objects.get()
    connect(guest, email="hopper@example.test")

    assert disconnect(guest, first.pk).status_code == 204


def test_a_provider_that_is_off_is_no_way_in(guest: Browser, settings: Any) -> None:
    sign_in(guest)
    user = User.objects.get()
    now = user.date_joined
    SocialAccount.objects.create(
        user=user, provider="google", subject="1", created_at=now, last_used_at=now
    )

    first = SocialAccount.objects.get(provider="oidc")
    assert refusal(disconnect(guest, first.pk)) == (409, "last_way_in")


@pytest.mark.django_db(transaction=True)
def test_of_the_last_two_ways_one_stays_when_both_go_at_once(guest: Browser) -> None:
    sign_in(guest)
    connect(guest, email="hopper@example.test")
    accounts = [*SocialAccount.objects.values_list("pk", flat=True)]

    def remove(number: int) -> int:
        browser = Browser()
        browser.access = guest.access
        return int(disconnect(browser, accounts[number]).status_code)

    assert sorted(at_once(2, remove)) == [204, 409]


@pytest.mark.django_db(transaction=True)
def test_of_two_completions_at_once_one_works(guest: Browser) -> None:
    code = go(guest)["code"]
    cookie = guest.cookies

    def finish(number: int) -> int:
        browser = Browser()
        browser.cookies = cookie
        return int(complete(browser, code).status_code)

    assert sorted(at_once(2, finish)) == [200, 400]


@pytest.mark.django_db(transaction=True)
def test_of_two_sign_ups_at_once_one_makes_the_account(guest: Browser) -> None:
    browsers = [Browser(), Browser()]
    codes = [go(browser)["code"] for browser in browsers]

    results = at_once(2, lambda n: int(complete(browsers[n], codes[n]).status_code))

    assert results.count(200) >= 1
    assert set(results) <= {200, 403}
    assert User.objects.count() == SocialAccount.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_account_that_is_being_disconnected_signs_nobody_in(member: Browser, user: User) -> None:
    account = connect(member, email=user.email).json()
    other = Browser()
    code = go(other, email=user.email)["code"]

    response = overtaken(
        lambda: complete(other, code), by=lambda: disconnect(member, account["id"])
    )

    assert response.status_code == 400
    assert Session.objects.count() == 1


def test_an_account_without_a_password_has_none_to_reset_unless_connected(guest: Browser) -> None:
    sign_in(guest)
    Browser().request_reset(GRACE["email"])
    make_user(password=None, email="other@example.test")
    Browser().request_reset("other@example.test")

    assert len(emails_to(GRACE["email"])) == 1
    assert not emails_to("other@example.test")
