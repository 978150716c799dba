"""Registration: an account is made for an e-mail address."""

from typing import Any

import pytest
from django.contrib.auth import hashers

from accounts.models import Session, User
from accounts.services.sessions import tokens
from mail.models import Mail
from tests.client import Browser
from tests.flows.steps import refusal
from tests.mailbox import emails_to, link_in, link_to
from tests.people import PASSWORD, make_user
from tests.queries import statements

pytestmark = pytest.mark.django_db

ADDRESS = "new@example.test"

each_open_mode = pytest.mark.parametrize("mode", ["optional", "none", "False"])


def test_new_account_opens_when_its_address_is_verified(browser: Browser) -> None:
    response = browser.sign_up(ADDRESS)

    assert (response.status_code, response.json().keys()) == (201, {"detail"})
    assert not Session.objects.exists()
    assert refusal(browser.sign_in(ADDRESS)) == (401, "email_not_verified")
    browser.get(link_to(ADDRESS))
    assert browser.sign_in(ADDRESS).status_code == 200


def test_account_gets_the_names_and_the_role_of_a_user(browser: Browser) -> None:
    browser.sign_up("New@Example.Test", first_name="李", last_name="O'Brien", role="ADMIN")

    user = User.objects.get()
    assert (user.email, user.first_name, user.last_name) == (ADDRESS, "李", "O'Brien")
    assert (user.role, user.is_superuser, user.email_verified) == ("USER", False, False)


@each_open_mode
def test_new_user_is_signed_in_where_verification_is_not_mandatory(
    mode: str, browser: Browser, settings: Any
) -> None:
    settings.EMAIL_VERIFICATION = mode

    response = browser.sign_up(ADDRESS)

    assert (response.status_code, response.json().keys()) == (201, {"access"})
    assert response["Cache-Control"] == "no-store"
    assert browser.call("get", "rest_user_details").json()["email"] == ADDRESS
    assert browser.refresh().status_code == 200


@pytest.mark.parametrize(("mode", "emails"), [("mandatory", 1), ("optional", 1), ("none", 0)])
def test_email_is_sent_unless_verification_is_off(
    mode: str, emails: int, browser: Browser, settings: Any
) -> None:
    settings.EMAIL_VERIFICATION = mode

    browser.sign_up(ADDRESS)

    assert len(emails_to(ADDRESS)) == emails


def test_claim_says_whether_the_address_is_verified(browser: Browser, settings: Any) -> None:
    settings.EMAIL_VERIFICATION = "optional"
    browser.sign_up(ADDRESS)
    assert not tokens.read_access(browser.access).email_verified

    browser.get(link_to(ADDRESS))
    browser.refresh()

    assert tokens.read_access(browser.access).email_verified
    assert Session.objects.count() == 1, "verifying leaves it alone"


def test_there_is_no_account_without_its_email(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mail.outbox.post", None)

    assert Browser(raise_request_exception=False).sign_up(ADDRESS).status_code == 500

    assert not User.objects.exists()


def test_email_that_comes_after_the_verification_is_not_sent(browser: Browser) -> None:
    browser.sign_up(ADDRESS)
    User.objects.update(email_verified=True)

    assert emails_to(ADDRESS) == []


# An address that is taken


def test_taken_address_gets_the_same_answer_and_sets_no_cookie(user: User) -> None:
    answers = []
    for address in (ADDRESS, user.email):
        with statements(3):
            answers.append(Browser().sign_up(address))

    new, taken = answers
    assert new.status_code == taken.status_code == 201
    assert new.content == taken.content
    headers = [dict(answer.items()) for answer in answers]
    assert headers[0].pop("X-Request-ID") != headers[1].pop("X-Request-ID")
    assert headers[0] == headers[1]
    assert not new.cookies
    assert not taken.cookies


@pytest.mark.parametrize("is_taken", [False, True])
def test_both_answers_cost_one_hash(
    is_taken: bool, browser: Browser, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    make = hashers.make_password

    def counting(password: str) -> str:
        made.append(password)
        return make(password)

    monkeypatch.setattr("django.contrib.auth.base_user.make_password", counting)

    browser.sign_up(user.email if is_taken else ADDRESS)

    assert len(made) == 1


def test_taken_account_does_not_change(browser: Browser, user: User) -> None:
    before = User.objects.values().get()

    browser.sign_up(user.email.upper(), "another good pass phrase", first_name="Eve")

    assert User.objects.values().get() == before
    assert Browser().sign_in(user.email, PASSWORD).status_code == 200


@each_open_mode
def test_taken_address_is_named_where_the_answer_shows_it_anyway(
    mode: str, browser: Browser, user: User, settings: Any
) -> None:
    settings.EMAIL_VERIFICATION = mode

    response = browser.sign_up(user.email)

    assert (response.status_code, response.json()["codes"]) == (400, {"email": ["email_taken"]})
    assert not Mail.objects.exists()


def test_owner_of_an_unverified_address_can_finish(browser: Browser) -> None:
    browser.sign_up(ADDRESS)
    browser.sign_up(ADDRESS)

    email = emails_to(ADDRESS)[-1]
    assert "Finish signing up" in email.subject
    browser.get(link_in(email))
    assert browser.set_new().status_code == 200


def test_invited_user_is_told_so_without_a_link(browser: Browser) -> None:
    make_user(email=ADDRESS, invited_at="2030-01-01T00:00Z", email_verified=False, password=None)

    browser.sign_up(ADDRESS)

    [email] = emails_to(ADDRESS)
    assert email.subject == "You do not need to sign up for Gatehouse"
    assert "you have been invited" in email.body
    assert "https://" not in email.body


def test_invited_user_with_a_password_can_finish(browser: Browser) -> None:
    make_user(email=ADDRESS, invited_at="2030-01-01T00:00Z", email_verified=False)

    browser.sign_up(ADDRESS)

    email = emails_to(ADDRESS)[-1]
    assert "Finish signing up" in email.subject
    browser.get(link_in(email))
    assert browser.set_new().status_code == 200


@pytest.mark.parametrize("fields", [{"password": None}, {"is_active": False}])
def test_unusable_account_gets_no_email(fields: dict[str, Any], browser: Browser) -> None:
    make_user(email=ADDRESS, **fields)

    assert browser.sign_up(ADDRESS).status_code == 201

    assert emails_to(ADDRESS) == []


# Input


@pytest.mark.parametrize(
    ("fields", "named", "code"),
    [
        ({"email": "no address"}, "email", "invalid"),
        ({"email": "a@b@c"}, "email", "invalid"),
        ({"email": f"{'x' * 250}@example.test"}, "email", "max_length"),
        ({"email": "a\x00@example.test"}, "email", "invalid"),
        ({"email": ["a@example.test"]}, "email", "invalid"),
        ({"email": None}, "email", "null"),
        ({"email": "ada@☕.example"}, "email", "invalid"),
        ({"email": '"http://evil.example/pay"@evil.example'}, "email", "invalid"),
        ({"email": "evil.example/pay@evil.example"}, "email", "invalid"),
        ({"email": '"a\x0bb"@evil.example'}, "email", "invalid"),
        ({"password2": "something else entirely"}, "password2", "password_mismatch"),
        ({"password1": "x7$kQ", "password2": "x7$kQ"}, "password1", "password_too_short"),
        ({"password1": "password", "password2": "password"}, "password1", "password_too_common"),
        ({"password1": ADDRESS, "password2": ADDRESS}, "password1", "password_too_similar"),
        (
            {"password1": "Ada-O'Brien", "password2": "Ada-O'Brien"},
            "password1",
            "password_too_similar",
        ),
        ({"password1": "x" * 129}, "password1", "max_length"),
        ({"first_name": "see http://evil.example"}, "first_name", "invalid_name"),
        ({"first_name": None}, "first_name", "null"),
        ({"last_name": "bell\x07"}, "last_name", "invalid_name"),
        ({"last_name": "x" * 151}, "last_name", "max_length"),
    ],
)
def test_refused_field_is_named_and_nothing_happens(
    fields: dict[str, Any], named: str, code: str, browser: Browser
) -> None:
    response = browser.sign_up(ADDRESS, **fields)

    assert (response.status_code, response.json()["codes"]) == (400, {named: [code]})
    assert not User.objects.exists()
    assert not Mail.objects.exists()


def test_each_missing_field_is_named(browser: Browser) -> None:
    response = browser.call("post", "rest_register", {})

    names = {"first_name", "last_name"}
    assert response.json()["codes"].keys() == {"email", "password1", "password2", *names}


@pytest.mark.parametrize("method", ["get", "post", "put"])
def test_endpoint_does_not_exist_where_administrators_invite(
    method: str, browser: Browser, settings: Any
) -> None:
    settings.JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION = True
    browser.access = "stale"

    assert refusal(browser.call(method, "rest_register", {})) == (404, "not_found")
