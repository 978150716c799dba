"""What a sign-in may do is decided once more, when the account is locked."""

from typing import Any

import pytest
from django.utils import timezone

from accounts import revocation
from accounts.flows import closing
from accounts.models import Session, User
from social_login.models import SocialAccount
from social_login.tests.steps import GRACE, complete, go, sign_in
from tests.authenticator import enrol
from tests.client import Browser
from tests.flows.steps import refusal, signed_in_as
from tests.people import make_user
from tests.races.concurrency import at_once, overtaken

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESS = GRACE["email"]


@pytest.fixture(autouse=True)
def mode(settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"


@pytest.fixture
def owner(guest: Browser) -> User:
    """A verified account with the address of the provider's user."""
    return make_user(email=ADDRESS)


@pytest.fixture
def code(owner: User, guest: Browser) -> str:
    """At the callback, the decision was to link the account."""
    return go(guest)["code"]


def lock(user: User) -> User:
    return User.objects.select_for_update(no_key=True).get(pk=user.pk)


def test_account_that_is_being_closed_is_not_linked(owner: User, code: str, guest: Browser) -> None:
    response = overtaken(
        lambda: complete(guest, code), by=lambda: closing.close(owner, now=timezone.now())
    )

    assert refusal(response) == (403, "access_denied")
    assert not SocialAccount.objects.exists()
    assert not Session.objects.exists()


def test_account_that_another_user_of_the_provider_gets_is_not_linked(
    owner: User, code: str, guest: Browser
) -> None:
    member = signed_in_as(owner)
    other = go(member, email="hopper@example.test")["code"]

    response = overtaken(lambda: complete(guest, code), by=lambda: complete(member, other))

    assert refusal(response) == (403, "email_taken")
    assert SocialAccount.objects.get().email == "hopper@example.test"


def test_link_waits_for_a_second_factor_that_is_being_set_up(
    owner: User, code: str, guest: Browser
) -> None:
    response = overtaken(lambda: complete(guest, code), by=lambda: enrol(owner))

    assert response.json()["mfa_required"] is True
    assert not SocialAccount.objects.exists()


def test_account_that_is_moving_to_another_address_is_not_linked(
    owner: User, code: str, guest: Browser
) -> None:
    def move() -> None:
        user = lock(owner)
        user.email = "moved@example.test"
        user.save()

    assert overtaken(lambda: complete(guest, code), by=move).status_code == 200

    # The address is free: its owner gets an account.
    assert SocialAccount.objects.get().user.email == ADDRESS
    assert SocialAccount.objects.get().user != owner


def test_account_whose_verification_is_being_withdrawn_is_handed_over_empty(
    owner: User, code: str, guest: Browser
) -> None:
    stranger = signed_in_as(owner)

    def withdraw() -> None:
        user = lock(owner)
        user.email_verified = False
        user.save()

    assert overtaken(lambda: complete(guest, code), by=withdraw).status_code == 200

    assert stranger.refresh().status_code == 401
    assert not User.objects.get(pk=owner.pk).has_usable_password()


def test_account_that_is_connected_and_being_closed_signs_nobody_in(
    guest: Browser, owner: User
) -> None:
    sign_in(guest)
    again = Browser()
    code = go(again)["code"]
    owner.refresh_from_db()

    response = overtaken(
        lambda: complete(again, code), by=lambda: closing.close(owner, now=timezone.now())
    )

    assert refusal(response) == (403, "access_denied")
    assert not Session.objects.exists()


def test_two_sign_ins_at_once_link_an_account_once(owner: User, guest: Browser) -> None:
    browsers = [Browser(), Browser()]
    codes = [go(browser)["code"] for browser in browsers]

    answers = at_once(2, lambda n: int(complete(browsers[n], codes[n]).status_code))

    assert set(answers) <= {200, 403}
    assert 200 in answers
    assert SocialAccount.objects.get().user == owner


def test_session_that_is_being_ended_disconnects_nothing(owner: User, guest: Browser) -> None:
    member = signed_in_as(owner)
    complete(member, go(member)["code"])
    connected = SocialAccount.objects.get()
    kwargs = {"account_id": connected.pk}

    response = overtaken(
        lambda: member.call("delete", "social_account", kwargs=kwargs),
        by=lambda: revocation.revoke_all(owner),
    )

    assert refusal(response) == (401, "token_not_valid")
    assert SocialAccount.objects.get() == connected
