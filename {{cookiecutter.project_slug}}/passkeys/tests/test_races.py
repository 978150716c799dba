"""Concurrent requests with one passkey, against a real database."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from accounts import revocation
from accounts.models import LoginChallenge, Session, User
from accounts.services.credentials import PASSWORD, Credentials
from accounts.services.mfa import challenges
from passkeys.models import Passkey
from passkeys.tests.authenticator import Authenticator
from passkeys.tests.steps import answer, begin, enrol, finish, login_options
from tests.client import Browser
from tests.flows.steps import refusal
from tests.people import make_user
from tests.races.concurrency import at_once, overtaken

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_requests_with_one_signature_one_signs_in(passkey: Authenticator) -> None:
    before = Session.objects.count()
    asked = login_options(Browser())
    credential = passkey.get(asked["options"])

    answers = at_once(4, lambda _: answer(Browser(), asked, credential))

    assert sorted(response.status_code for response in answers) == [200, 401, 401, 401]
    assert Session.objects.count() == before + 1


def test_of_requests_that_add_one_passkey_one_succeeds(signed_in: Browser) -> None:
    begun, authenticator = begin(signed_in), Authenticator()

    def add(_: int) -> Any:
        browser = Browser()
        browser.access = signed_in.access
        return finish(browser, begun, authenticator)

    answers = at_once(3, add)

    assert sorted(response.status_code for response in answers) == [201, 400, 400]
    assert Passkey.objects.count() == 1


def test_of_two_sessions_that_add_one_passkey_one_succeeds(signed_in: Browser, user: User) -> None:
    enrol(signed_in, user)
    other, authenticator = Browser(), Authenticator()
    other.access = signed_in.access
    third = make_user()
    other.sign_in(third.email)
    begun = {signed_in: begin(signed_in), other: begin(other)}
    browsers = list(begun)

    answers = at_once(2, lambda n: finish(browsers[n], begun[browsers[n]], authenticator))

    assert sorted(response.status_code for response in answers) == [201, 409]


def test_setup_challenge_of_an_account_that_has_got_a_factor_adds_no_other(
    signed_in: Browser, user: User, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "required"
    enrol(signed_in, user)
    # As a login that was in flight opens it.
    kind = LoginChallenge.Kind.SETUP
    late = challenges.open_challenge(
        credentials=Credentials.of(user, methods=[PASSWORD]), kind=kind, now=timezone.now()
    ).signed_id
    browser = Browser()

    begun = begin(browser, setup_challenge_id=late)
    response = finish(browser, begun, Authenticator(), setup_challenge_id=late)

    assert refusal(response) == (400, "invalid_challenge")
    assert Passkey.objects.count() == 1


def test_passkey_that_is_being_deleted_signs_nobody_in(
    passkey: Authenticator, signed_in: Browser, user: User
) -> None:
    enrol(signed_in, user)
    asked = login_options(Browser())
    credential = passkey.get(asked["options"])
    stored = Passkey.objects.get(credential_id=passkey.credential_id)

    def delete() -> None:
        response = signed_in.call("delete", "passkey", kwargs={"passkey_id": stored.pk})
        assert response.status_code == 204

    response = overtaken(lambda: answer(Browser(), asked, credential), by=delete)

    assert response.status_code == 401
    assert Session.objects.count() == 1


def copy_of(browser: Browser) -> Browser:
    """Another tab of the browser, for another thread."""
    other = Browser()
    other.access = browser.access
    return other


def delete(browser: Browser, passkey_id: int) -> Any:
    return browser.call("delete", "passkey", kwargs={"passkey_id": passkey_id})


def rename(browser: Browser, passkey_id: int) -> Any:
    kwargs = {"passkey_id": passkey_id}
    return browser.call("patch", "passkey", {"name": "Another name"}, kwargs=kwargs)


def test_passkey_that_is_being_deleted_is_not_renamed(
    passkey: Authenticator, signed_in: Browser
) -> None:
    stored, tab = Passkey.objects.get().pk, copy_of(signed_in)

    response = overtaken(lambda: rename(tab, stored), by=lambda: delete(signed_in, stored))

    assert refusal(response) == (404, "not_found")
    assert not Passkey.objects.exists()


def test_passkey_that_is_being_renamed_is_deleted(
    passkey: Authenticator, signed_in: Browser
) -> None:
    stored, tab = Passkey.objects.get().pk, copy_of(signed_in)

    response = overtaken(lambda: delete(tab, stored), by=lambda: rename(signed_in, stored))

    assert response.status_code == 204
    assert not Passkey.objects.exists()


def test_sign_in_that_a_deletion_waits_for_ends_with_it(
    passkey: Authenticator, signed_in: Browser, user: User
) -> None:
    enrol(signed_in, user)
    stored = Passkey.objects.get(credential_id=passkey.credential_id).pk
    thief, tab = Browser(), copy_of(signed_in)
    asked = login_options(thief)

    def sign_in() -> None:
        assert answer(thief, asked, passkey.get(asked["options"])).status_code == 200

    response = overtaken(lambda: delete(tab, stored), by=sign_in)

    assert response.status_code == 204
    assert Session.objects.count() == 1
    assert thief.refresh().status_code == 401


def test_sign_ins_and_a_deletion_at_once_leave_the_session_of_the_owner(
    passkey: Authenticator, signed_in: Browser, user: User
) -> None:
    enrol(signed_in, user)
    stored = Passkey.objects.get(credential_id=passkey.credential_id).pk
    tab, browsers = copy_of(signed_in), [Browser() for _ in range(5)]
    asked = [login_options(browser) for browser in browsers]
    signed = [passkey.get(each["options"]) for each in asked]

    def act(number: int) -> int:
        if number == 5:
            return int(delete(tab, stored).status_code)
        return int(answer(browsers[number], asked[number], signed[number]).status_code)

    answers = at_once(6, act)

    assert answers[5] == 204
    assert set(answers[:5]) <= {200, 401}
    assert Session.objects.count() == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda browser, passkey_id: delete(browser, passkey_id),
        lambda browser, passkey_id: browser.call(
            "patch", "passkey", {"name": "Mallory"}, kwargs={"passkey_id": passkey_id}
        ),
    ],
    ids=["deleted", "renamed"],
)
def test_session_that_is_being_ended_changes_no_passkey(
    change: Callable[[Browser, int], Any], passkey: Authenticator, signed_in: Browser, user: User
) -> None:
    before = Passkey.objects.values().get()
    account = User.objects.get(pk=user.pk)

    response = overtaken(
        lambda: change(signed_in, before["id"]), by=lambda: revocation.revoke_all(account)
    )

    assert refusal(response) == (401, "token_not_valid")
    assert Passkey.objects.values().get() == before
