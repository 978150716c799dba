"""Registration: somebody signs up with an e-mail address."""

from typing import Any

import pytest
from django.contrib.auth import hashers
from django.test import Client

from accounts.api.cookies import REFRESH_COOKIE
from accounts.models import Session, User
from accounts.services.sessions import tokens
from mail.models import Mail
from tests.client import Browser
from tests.mailbox import letters_to, link_in, link_to
from tests.people import PASSWORD, make_user
from tests.queries import statements

pytestmark = pytest.mark.django_db

ADDRESS = "new@example.test"
OPEN_MODES = ["optional", "none", "False"]


def test_new_account_waits_for_its_address_to_be_verified(browser: Browser) -> None:
    response = browser.sign_up(ADDRESS)

    assert response.status_code == 201
    assert set(response.json()) == {"detail"}
    assert not Session.objects.exists()
    login = browser.sign_in(ADDRESS)
    assert (login.status_code, login.json()["code"]) == (401, "email_not_verified")


def test_link_in_the_letter_opens_the_account(browser: Browser) -> None:
    browser.sign_up(ADDRESS)

    browser.get(link_to(ADDRESS))

    assert browser.sign_in(ADDRESS).status_code == 200


def test_person_gets_the_names_and_the_role_of_a_user(browser: Browser) -> None:
    browser.sign_up("New@Example.Test", first_name="李", last_name="O'Brien", role="ADMIN")

    user = User.objects.get()
    assert (user.email, user.first_name, user.last_name) == (ADDRESS, "李", "O'Brien")
    assert (user.role, user.is_superuser, user.email_verified) == ("USER", False, False)


@pytest.mark.parametrize("mode", OPEN_MODES)
def test_where_nothing_waits_the_new_person_is_signed_in(
    mode: str, browser: Browser, settings: Any
) -> None:
    settings.EMAIL_VERIFICATION = mode

    response = browser.sign_up(ADDRESS)

    assert (response.status_code, set(response.json())) == (201, {"access"})
    assert response["Cache-Control"] == "no-store"
    assert browser.call("get", "rest_user_details").json()["email"] == ADDRESS
    assert browser.refresh().status_code == 200


def test_tokens_come_in_the_body_too(browser: Browser, settings: Any) -> None:
    settings.EMAIL_VERIFICATION = "none"
    settings.JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE = False

    response = browser.sign_up(ADDRESS)

    assert set(response.json()) == {"access", "refresh", "device"}
    assert REFRESH_COOKIE not in response.cookies


@pytest.mark.parametrize(("mode", "letters"), [("mandatory", 1), ("optional", 1), ("none", 0)])
def test_letter_goes_out_unless_nothing_is_verified(
    mode: str, letters: int, browser: Browser, settings: Any
) -> None:
    settings.EMAIL_VERIFICATION = mode

    browser.sign_up(ADDRESS)

    assert len(letters_to(ADDRESS)) == letters


def test_unverified_person_is_known_by_the_claim(browser: Browser, settings: Any) -> None:
    settings.EMAIL_VERIFICATION = "optional"
    browser.sign_up(ADDRESS)
    assert not tokens.read_access(browser.access).email_verified

    browser.get(link_to(ADDRESS))
    browser.refresh()

    assert tokens.read_access(browser.access).email_verified
    assert Session.objects.count() == 1, "verifying leaves it alone"


def test_taken_address_gets_the_same_answer_and_sets_no_cookie(user: User) -> None:
    fresh, taken = Browser(), Browser()

    answers = [fresh.sign_up(ADDRESS), taken.sign_up(user.email)]

    assert answers[0].status_code == answers[1].status_code == 201
    assert answers[0].content == answers[1].content
    headers = [dict(answer.items()) for answer in answers]
    assert headers[0].pop("X-Request-ID") != headers[1].pop("X-Request-ID")
    assert headers[0] == headers[1]
    assert not fresh.cookies
    assert not taken.cookies


def test_taken_account_is_not_touched(browser: Browser, user: User) -> None:
    before = User.objects.values().get()

    browser.sign_up(user.email.upper(), "another good pass phrase", first_name="Eve")

    assert User.objects.values().get() == before
    assert Browser().sign_in(user.email, PASSWORD).status_code == 200


@pytest.mark.parametrize("mode", OPEN_MODES)
def test_where_the_answer_shows_it_anyway_a_taken_address_is_named(
    mode: str, browser: Browser, user: User, settings: Any
) -> None:
    settings.EMAIL_VERIFICATION = mode

    response = browser.sign_up(user.email)

    assert (response.status_code, set(response.json())) == (400, {"email"})
    assert not Mail.objects.exists()


def test_owner_of_a_verified_address_is_told_and_helped(browser: Browser, user: User) -> None:
    browser.sign_up(user.email)

    [letter] = letters_to(user.email)
    assert "You already have an account" in letter.subject
    assert "/password/reset/confirm/" in link_in(letter)


def test_owner_of_an_unverified_address_can_finish(browser: Browser) -> None:
    browser.sign_up(ADDRESS)
    browser.sign_up(ADDRESS)

    letter = letters_to(ADDRESS)[-1]
    assert "Finish signing up" in letter.subject
    browser.get(link_in(letter))
    response = browser.set_password("rest_password_reset_set_new", "my own pass phrase")
    assert response.status_code == 200


def test_whoever_has_been_invited_is_told_so_without_a_link(browser: Browser) -> None:
    make_user(email=ADDRESS, invited_at="2030-01-01T00:00Z", email_verified=False, password=None)

    browser.sign_up(ADDRESS)

    [letter] = letters_to(ADDRESS)
    assert letter.subject == "You do not need to sign up for Gatehouse"
    assert "you have been invited" in letter.body
    assert "https://" not in letter.body


def test_account_that_is_to_have_no_password_gets_no_link_to_one(browser: Browser) -> None:
    make_user(email=ADDRESS, password=None)

    assert browser.sign_up(ADDRESS).status_code == 201

    assert letters_to(ADDRESS) == []


def test_letter_that_comes_after_the_address_was_verified_is_not_sent(browser: Browser) -> None:
    browser.sign_up(ADDRESS)
    User.objects.update(email_verified=True)

    assert letters_to(ADDRESS) == []


def test_there_is_no_account_without_its_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("mail.outbox.post", fails)

    assert Browser(raise_request_exception=False).sign_up(ADDRESS).status_code == 500

    assert not User.objects.exists()


def test_closed_account_gets_no_letter(browser: Browser) -> None:
    make_user(email=ADDRESS, is_active=False)

    assert browser.sign_up(ADDRESS).status_code == 201

    assert letters_to(ADDRESS) == []


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"email": "no address"}, "email"),
        ({"email": f"{'x' * 250}@example.test"}, "email"),
        ({"email": "a\x00@example.test"}, "email"),
        ({"email": ["a@example.test"]}, "email"),
        ({"email": None}, "email"),
        ({"email": '"http://evil.example/pay"@evil.example'}, "email"),
        ({"email": "evil.example/pay@evil.example"}, "email"),
        ({"email": '"a\x0bb"@evil.example'}, "email"),
        ({"password2": "something else entirely"}, "password2"),
        ({"password1": "12345678", "password2": "12345678"}, "password1"),
        ({"password1": "password", "password2": "password"}, "password1"),
        ({"password1": ADDRESS, "password2": ADDRESS}, "password1"),
        ({"password1": "Ada-O'Brien", "password2": "Ada-O'Brien"}, "password1"),
        ({"password1": "x" * 129}, "password1"),
        ({"first_name": "see http://evil.example"}, "first_name"),
        ({"last_name": "bell\x07"}, "last_name"),
        ({"last_name": "x" * 151}, "last_name"),
    ],
)
def test_refused_field_is_named_and_nothing_happens(
    fields: dict[str, Any], named: str, browser: Browser
) -> None:
    response = browser.sign_up(ADDRESS, **fields)

    assert (response.status_code, set(response.json())) == (400, {named})
    assert not User.objects.exists()
    assert not Mail.objects.exists()


def test_everything_that_is_missing_is_named(browser: Browser) -> None:
    response = browser.call("post", "rest_register", {})

    assert set(response.json()) == {"email", "password1", "password2", "first_name", "last_name"}


def test_stale_access_token_is_in_nobodys_way(browser: Browser) -> None:
    browser.access = "stale"

    assert browser.sign_up(ADDRESS).status_code == 201


@pytest.mark.parametrize("method", ["get", "post", "put"])
def test_where_admins_let_people_in_there_is_nothing_here(
    method: str, browser: Browser, settings: Any
) -> None:
    settings.JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION = True
    browser.access = "stale"

    response = browser.call(method, "rest_register", {})

    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_both_ways_in_may_be_open_at_once(browser: Browser, settings: Any) -> None:
    settings.JWT_ALLAUTH_INVITATIONS = True

    assert browser.sign_up(ADDRESS).status_code == 201


@pytest.mark.parametrize("taken", [False, True])
def test_both_answers_cost_one_hash(
    taken: bool, browser: Browser, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    make = hashers.make_password

    def counting(password: str) -> str:
        made.append(password)
        return make(password)

    monkeypatch.setattr("django.contrib.auth.base_user.make_password", counting)

    browser.sign_up(user.email if taken else ADDRESS)

    assert len(made) == 1


@pytest.mark.parametrize("taken", [False, True])
def test_costs_three_queries_for_any_address(taken: bool, browser: Browser, user: User) -> None:
    with statements(3):
        browser.sign_up(user.email if taken else ADDRESS)


def test_only_json_is_taken(client: Client) -> None:
    response = client.post("/api/auth/registration/", {}, content_type="text/plain")

    assert response.status_code == 415
