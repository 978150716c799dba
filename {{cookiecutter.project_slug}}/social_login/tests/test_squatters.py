"""Pre-hijacking: a stranger who signs up with an address loses the account when its owner comes.

The five classes of "Pre-hijacked accounts" (Sudhodanan and Paverd, USENIX Security 2022): the
attacker makes an account with the victim's address first, and waits for the victim.
"""

from typing import Any

import pytest
from django.utils import timezone

from accounts.models import EmailChange, Session, User
from social_login.models import SocialAccount
from social_login.tests.steps import GRACE, complete, error_of, go, sign_in, start
from tests.authenticator import enrol
from tests.client import Browser
from tests.flows.steps import refusal
from tests.mailbox import emails_to, link_to
from tests.people import NEW_PASSWORD, PASSWORD, make_user

VICTIM = GRACE["email"]


@pytest.fixture
def attacker(db: None, settings: Any) -> Browser:
    """Has signed up with the victim's address, and is signed in."""
    settings.EMAIL_VERIFICATION = "optional"
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    browser = Browser()
    browser.sign_up(VICTIM)
    assert browser.access
    return browser


def test_classic_federated_merge_the_password_ends(guest: Browser, attacker: Browser) -> None:
    sign_in(guest)

    assert refusal(Browser().sign_in(VICTIM, PASSWORD)) == (401, "incorrect_credentials")
    assert guest.call("get", "rest_user_details").json()["first_name"] == "Grace Hopper"


def test_unexpired_session_every_session_ends(guest: Browser, attacker: Browser) -> None:
    sign_in(guest)

    assert attacker.call("get", "rest_user_details").status_code == 401
    assert attacker.refresh().status_code == 401
    assert Session.objects.count() == 1


def test_trojan_identifier_an_unverified_account_connects_nothing(
    guest: Browser, attacker: Browser
) -> None:
    assert refusal(start(attacker)) == (403, "email_not_verified")


def test_trojan_identifier_connected_accounts_end(guest: Browser, attacker: Browser) -> None:
    user = User.objects.get(email=VICTIM)
    user.email_verified = True
    user.save()
    sign_in_as_attacker = {"email": "eve@example.test", "sub": "eve"}
    _connect(attacker, **sign_in_as_attacker)
    user.email_verified = False
    user.save()

    sign_in(guest)

    assert SocialAccount.objects.get().email == VICTIM
    assert "code" in go(Browser(), **sign_in_as_attacker)
    assert User.objects.get(social_accounts__email=VICTIM) == user


def test_unexpired_email_change_no_change_is_pending(guest: Browser, attacker: Browser) -> None:
    attacker.change_profile(email="eve@example.test")
    link = link_to("eve@example.test")

    sign_in(guest)
    Browser().get(link)

    assert not EmailChange.objects.exists()
    assert User.objects.get().email == VICTIM


def test_non_verifying_provider_an_unverified_address_makes_no_account(guest: Browser) -> None:
    assert error_of(guest, email_verified="", sub="eve") == "email_not_verified"

    assert not User.objects.exists()
    assert not SocialAccount.objects.exists()


def test_the_second_factor_ends(guest: Browser, attacker: Browser) -> None:
    enrol(User.objects.get())

    assert sign_in(guest).json().keys() == {"access"}
    assert not User.objects.get().has_second_factor


def test_an_invited_user_with_a_password_is_a_stranger_too(guest: Browser, settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    user = make_user(email=VICTIM, email_verified=False, invited_at=timezone.now())
    enrol(user)

    assert sign_in(guest).json().keys() == {"access"}
    assert not User.objects.get().has_second_factor
    assert refusal(Browser().sign_in(VICTIM)) == (401, "incorrect_credentials")


def test_an_open_reset_link_ends(guest: Browser, attacker: Browser) -> None:
    Browser().request_reset(VICTIM)
    link = link_to(VICTIM)

    sign_in(guest)

    assert Browser().get(link).status_code == 400


def test_a_challenge_ends(guest: Browser, attacker: Browser) -> None:
    held = enrol(User.objects.get())
    challenge = Browser().sign_in(VICTIM).json()["challenge_id"]

    sign_in(guest)

    assert refusal(Browser().verify(challenge, held.app.code())) == (400, "invalid_challenge")


def test_the_owner_who_resets_the_password_ends_what_was_connected(
    guest: Browser, user: User
) -> None:
    _connect_first(user)
    User.objects.filter(pk=user.pk).update(email_verified=False)

    Browser().reset_password(user.email)

    assert not SocialAccount.objects.exists()


def test_a_reset_of_a_verified_account_keeps_what_is_connected(guest: Browser, user: User) -> None:
    _connect_first(user)

    Browser().reset_password(user.email)

    assert SocialAccount.objects.exists()


def test_an_invitation_that_takes_an_account_over_ends_what_was_connected(
    guest: Browser, user: User, settings: Any
) -> None:
    settings.JWT_ALLAUTH_INVITATIONS = True
    _connect_first(user)
    User.objects.filter(pk=user.pk).update(email_verified=False)
    admin = Browser()
    admin.sign_in(make_user(role=User.Role.ADMIN).email)

    assert admin.invite(user.email).status_code == 201

    assert not SocialAccount.objects.exists()


def test_an_unverified_member_of_staff_is_not_taken_over(guest: Browser) -> None:
    user = make_user(email=VICTIM, email_verified=False, role=User.Role.STAFF)

    assert error_of(guest) == "email_taken"

    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_the_owner_can_set_a_password_afterwards(guest: Browser, attacker: Browser) -> None:
    sign_in(guest)

    fields = dict.fromkeys(("new_password1", "new_password2"), NEW_PASSWORD)
    assert guest.call("post", "rest_password_set", fields).status_code == 200
    assert Browser().sign_in(VICTIM, NEW_PASSWORD).status_code == 200


def test_who_signs_up_with_a_password_afterwards_changes_nothing(
    guest: Browser, settings: Any
) -> None:
    sign_in(guest)

    Browser().sign_up(VICTIM)

    assert not User.objects.get().has_usable_password()
    assert len(emails_to(VICTIM)) <= 1


def _connect(browser: Browser, **person: str) -> None:
    assert complete(browser, go(browser, **person)["code"]).status_code == 201


def _connect_first(user: User) -> None:
    browser = Browser()
    browser.sign_in(user.email)
    _connect(browser, email="eve@example.test")
