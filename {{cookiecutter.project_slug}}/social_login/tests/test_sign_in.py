"""Signing up and signing in with a provider."""

import jwt
import pytest

from accounts.models import Session, User
from social_login.demo.provider import DemoProvider
from social_login.models import Authorization, CompletedAuthorization, SocialAccount
from social_login.tests.steps import GRACE, complete, error_of, go, sign_in
from tests.client import Browser
from tests.mailbox import emails_to
from tests.people import make_user


def test_a_new_user_gets_an_account_with_a_verified_address(guest: Browser) -> None:
    response = sign_in(guest)

    assert response.status_code == 200
    user = User.objects.get(email=GRACE["email"])
    assert (user.email_verified, user.first_name, user.role) == (True, "Grace Hopper", "USER")
    assert not user.has_usable_password()
    assert guest.call("get", "rest_user_details").json()["email"] == GRACE["email"]


def test_the_access_token_says_that_a_provider_signed_the_user_in(guest: Browser) -> None:
    sign_in(guest)

    claims = jwt.decode(guest.access, options={"verify_signature": False})
    assert claims["amr"] == ["fed"]
    assert Session.objects.get().methods == ["fed"]


def test_the_tokens_are_those_of_any_sign_in(guest: Browser) -> None:
    response = sign_in(guest)

    assert response.json().keys() == {"access"}
    assert response.headers["Cache-Control"] == "no-store"
    assert {"refresh_token", "known_device"} <= guest.cookies.keys()
    assert guest.refresh().status_code == 200


def test_a_known_user_signs_in_to_the_same_account(guest: Browser) -> None:
    sign_in(guest)

    assert sign_in(Browser()).status_code == 200
    assert User.objects.count() == SocialAccount.objects.count() == 1


@pytest.mark.parametrize("other", ["alice ", " alice", "Alice"])
def test_ids_of_users_are_compared_exactly(guest: Browser, other: str) -> None:
    sign_in(guest, sub="alice")

    sign_in(Browser(), sub=other, email="alice@example.test")

    assert {*SocialAccount.objects.values_list("subject", flat=True)} == {"alice", other}
    assert User.objects.count() == 2


def test_a_changed_address_at_the_provider_changes_nothing(guest: Browser) -> None:
    sign_in(guest, sub="17")

    browser = Browser()
    sign_in(browser, sub="17", email="hopper@example.test")

    assert browser.call("get", "rest_user_details").json()["email"] == GRACE["email"]
    assert User.objects.count() == 1


def test_an_address_of_another_account_does_not_lead_to_it(guest: Browser) -> None:
    sign_in(guest, sub="17")
    other = make_user()

    browser = Browser()
    sign_in(browser, sub="17", email=other.email)

    assert browser.call("get", "rest_user_details").json()["email"] == GRACE["email"]


def test_a_verified_account_is_linked_and_its_owner_told(guest: Browser, user: User) -> None:
    response = sign_in(guest, email=user.email)

    assert response.status_code == 200
    assert SocialAccount.objects.get().user == user
    assert [str(m.subject) for m in emails_to(user.email)] == [
        "Demo ID is connected to your account"
    ]
    user.refresh_from_db()
    assert user.has_usable_password()


def test_the_second_user_of_a_provider_with_one_address_is_refused(guest: Browser) -> None:
    sign_in(guest, sub="17")

    assert error_of(Browser(), sub="18") == "email_taken"


def test_service_account_is_not_linked(guest: Browser) -> None:
    make_user(email=GRACE["email"], password=None, role=User.Role.STAFF)

    assert error_of(guest) == "email_taken"
    assert not SocialAccount.objects.exists()


def test_account_that_becomes_a_service_account_after_the_callback_is_refused(
    guest: Browser, user: User
) -> None:
    code = go(guest, email=user.email)["code"]
    user.set_unusable_password()
    user.save()

    response = complete(guest, code)

    assert (response.status_code, response.json()["code"]) == (403, "email_taken")


def test_account_whose_only_provider_is_switched_off_is_linked(guest: Browser) -> None:
    sign_in(guest)
    SocialAccount.objects.update(provider="google")

    assert sign_in(Browser()).status_code == 200
    assert SocialAccount.objects.filter(user=User.objects.get()).count() == 2


@pytest.mark.parametrize("email", [GRACE["email"], "nobody@example.test"])
def test_an_address_that_the_provider_has_not_verified_is_refused(
    guest: Browser, email: str
) -> None:
    make_user(email=GRACE["email"])

    assert error_of(guest, email=email, email_verified="") == "email_not_verified"


def test_the_word_of_a_provider_that_does_not_verify_counts_nothing(
    guest: Browser, demo: DemoProvider, settings: object
) -> None:
    settings.SOCIAL_PROVIDERS["oidc"]["verifies_email"] = False  # type: ignore[attr-defined]

    assert error_of(guest) == "email_not_verified"


@pytest.mark.parametrize("email", ["", "no address", 'a"b@example.test', "ö@example.test"])
def test_an_address_that_we_could_not_write_to_is_none(guest: Browser, email: str) -> None:
    assert error_of(guest, email=email, sub="17") == "email_not_verified"


def test_an_inactive_account_is_refused(guest: Browser) -> None:
    sign_in(guest)
    User.objects.update(is_active=False)

    assert error_of(Browser()) == "access_denied"


def test_the_address_of_an_inactive_account_is_refused(guest: Browser) -> None:
    make_user(email=GRACE["email"], is_active=False)

    assert error_of(guest) == "access_denied"


def test_an_account_that_closes_after_the_callback_is_refused(guest: Browser) -> None:
    sign_in(guest)
    browser = Browser()
    code = go(browser)["code"]
    User.objects.update(is_active=False)

    response = complete(browser, code)

    assert (response.status_code, response.json()["code"]) == (403, "access_denied")


def test_an_account_whose_verification_was_withdrawn_is_refused(guest: Browser) -> None:
    sign_in(guest)
    User.objects.update(email_verified=False)

    assert error_of(Browser()) == "email_not_verified"


def test_a_name_that_no_user_may_have_is_left_out(guest: Browser) -> None:
    sign_in(guest, name="See https://evil.example")

    assert User.objects.get().first_name == ""


def test_nothing_of_an_attempt_is_left(guest: Browser) -> None:
    sign_in(guest)

    assert not Authorization.objects.exists()
    assert not CompletedAuthorization.objects.exists()
