"""Somebody signs up with an address that is not theirs, and waits for its owner to come.

Pre-hijacking, as Sudhodanan and Paverd describe it (USENIX Security 2022): whatever the squatter
has prepared must be worth nothing once the owner of the mailbox is in, whichever way they came.
"""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import override_settings

from accounts.models import Session, User
from tests.authenticator import enrol
from tests.client import Browser
from tests.mailbox import letters_to, link_in, link_to
from tests.people import PASSWORD, make_user

pytestmark = pytest.mark.django_db

ADDRESS = "victim@example.test"
ELSEWHERE = "squatter@example.test"
OWN = "a pass phrase of my own"
REMOVED = "Your password reset has turned off multi-factor authentication"


class Squatter:
    """Holds what can be had without the mailbox; opens it all in the end."""

    def __init__(self, settings: Any, verification: str) -> None:
        settings.EMAIL_VERIFICATION = verification
        self.browser = Browser()
        self.browser.sign_up(ADDRESS, PASSWORD)
        self.user = User.objects.get(email=ADDRESS)
        self.access = self.browser.access
        self.sign_up_links = [link_in(letter) for letter in letters_to(ADDRESS)]
        enrol(self.user)
        self.browser.call("patch", "rest_user_details", {"email": ELSEWHERE})
        self.link = link_to(ELSEWHERE)

    def has_anything_left(self) -> list[str]:
        reader = Browser()
        reader.access = self.access
        ways = {
            "the password": Browser().sign_in(ADDRESS, PASSWORD),
            "the session": self.browser.refresh(),
            "the access token": reader.call("get", "rest_user_details"),
            "the link to another address": Browser().get(self.link),
        }
        return [way for way, answer in ways.items() if answer.status_code < 400]


@pytest.fixture(
    params=[("optional", "optional"), ("none", "none"), ("optional", "mandatory")],
    ids=["optional", "none", "mandatory since"],
)
def squatter(request: Any, settings: Any) -> Squatter:
    settings.JWT_ALLAUTH_INVITATIONS = True
    then, now = request.param
    squatter = Squatter(settings, then)
    settings.EMAIL_VERIFICATION = now
    return squatter


def reset(owner: Browser) -> Any:
    owner.call("post", "rest_password_reset", {"email": ADDRESS})
    owner.get(link_to(ADDRESS))
    return owner.set_password("rest_password_reset_set_new", OWN)


def sign_up(owner: Browser) -> Any:
    with override_settings(EMAIL_VERIFICATION="mandatory"):
        owner.sign_up(ADDRESS, OWN)
    owner.get(link_to(ADDRESS))
    return owner.set_password("rest_password_reset_set_new", OWN)


def accept_an_invitation(owner: Browser) -> Any:
    admin = Browser()
    admin.sign_in(make_user(role=User.Role.ADMIN).email)
    admin.call("post", "rest_user_register", {"email": ADDRESS, "role": "USER"})
    owner.get(link_to(ADDRESS))
    return owner.set_password("rest_set_password", OWN)


@pytest.mark.parametrize("comes", [reset, sign_up, accept_an_invitation])
def test_squatter_has_nothing_left_once_the_owner_has_come(
    comes: Callable[[Browser], Any], squatter: Squatter, browser: Browser
) -> None:
    answer = comes(browser)

    assert (answer.status_code, set(answer.json())) == (200, {"access", "detail"})
    assert squatter.has_anything_left() == []
    assert [link for link in squatter.sign_up_links if Browser().get(link).status_code < 400] == []
    assert not Authenticator.objects.exists()
    assert Session.objects.filter(user__email=ADDRESS).count() == 1
    user = User.objects.get(email=ADDRESS)
    assert (user.email_verified, user.pending_email) == (True, "")
    assert Browser().sign_in(ADDRESS, OWN).status_code == 200


@pytest.mark.parametrize("comes", [reset, sign_up])
def test_second_factor_goes_although_its_mailbox_was_verified_afterwards(
    comes: Callable[[Browser], Any], browser: Browser, settings: Any
) -> None:
    squatter = Squatter(settings, "optional")
    [link] = squatter.sign_up_links
    Browser().get(link)
    assert User.objects.get(email=ADDRESS).email_verified

    answer = comes(browser)

    assert set(answer.json()) == {"access", "detail"}
    assert squatter.has_anything_left() == []
    assert not Authenticator.objects.exists()
    assert REMOVED in [letter.subject for letter in letters_to(ADDRESS)]


def test_nobody_sets_up_a_second_factor_before_the_mailbox_where_it_is_mandatory(
    browser: Browser, settings: Any
) -> None:
    settings.EMAIL_VERIFICATION, settings.JWT_ALLAUTH_MFA_TOTP_MODE = "mandatory", "required"
    browser.sign_up(ADDRESS, PASSWORD)

    answer = browser.sign_in(ADDRESS, PASSWORD)

    assert answer.json()["code"] == "email_not_verified"
    assert browser.call("post", "jwt_allauth_mfa_setup", {}).status_code == 401


@pytest.mark.parametrize("squatter", [("optional", "optional")], indirect=True)
def test_squatter_had_something_to_lose(squatter: Squatter) -> None:
    assert len(squatter.has_anything_left()) == 4


def test_invitation_alone_ends_it_before_anybody_accepts(squatter: Squatter) -> None:
    admin = Browser()
    admin.sign_in(make_user(role=User.Role.ADMIN).email)

    admin.call("post", "rest_user_register", {"email": ADDRESS, "role": "STAFF"})

    assert squatter.has_anything_left() == []
    assert not Authenticator.objects.exists()
    user = User.objects.get(email=ADDRESS)
    assert (user.role, user.email_verified, user.has_usable_password()) == ("STAFF", False, False)


def test_cookie_that_was_handed_over_before_dies_too(squatter: Squatter, browser: Browser) -> None:
    browser.call("post", "rest_password_reset", {"email": ADDRESS})
    first = Browser()
    first.get(link_to(ADDRESS))

    accept_an_invitation(browser)

    assert first.set_password("rest_password_reset_set_new", OWN + "!").status_code == 401
