"""A squatter signs up with the address of another user, and waits for its owner.

Pre-hijacking, as Sudhodanan and Paverd describe it (USENIX Security 2022): nothing that the
squatter has prepared may work once the owner of the mailbox has signed in, by any way.
"""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import override_settings

from accounts.models import Session, User
from tests.authenticator import enrol
from tests.client import Browser
from tests.flows.steps import signed_in_admin
from tests.mailbox import emails_to, link_in, link_to
from tests.people import NEW_PASSWORD, PASSWORD

pytestmark = pytest.mark.django_db

ADDRESS = "victim@example.test"
ELSEWHERE = "squatter@example.test"
REMOVED = "Your password reset has turned off multi-factor authentication"


class Squatter:
    """Prepares all that is possible without the mailbox."""

    def __init__(self, settings: Any, verification: str) -> None:
        settings.EMAIL_VERIFICATION = verification
        self.browser = Browser()
        self.browser.sign_up(ADDRESS, PASSWORD)
        self.user = User.objects.get(email=ADDRESS)
        self.access = self.browser.access
        self.sign_up_links = [link_in(email) for email in emails_to(ADDRESS)]
        enrol(self.user)
        self.browser.change_profile(email=ELSEWHERE)
        self.link = link_to(ELSEWHERE)

    def successes(self) -> list[str]:
        """What still works."""
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
    return owner.reset_password(ADDRESS)


def sign_up(owner: Browser) -> Any:
    with override_settings(EMAIL_VERIFICATION="mandatory"):
        owner.sign_up(ADDRESS, NEW_PASSWORD)
    owner.get(link_to(ADDRESS))
    return owner.set_new()


def accept_an_invitation(owner: Browser) -> Any:
    signed_in_admin().invite(ADDRESS)
    owner.get(link_to(ADDRESS))
    return owner.accept()


@pytest.mark.parametrize("squatter", [("optional", "optional")], indirect=True)
def test_squatter_succeeds_until_the_owner_has_come(squatter: Squatter) -> None:
    assert len(squatter.successes()) == 4


@pytest.mark.parametrize("comes", [reset, sign_up, accept_an_invitation])
def test_nothing_of_the_squatter_works_once_the_owner_has_come(
    comes: Callable[[Browser], Any], squatter: Squatter, browser: Browser
) -> None:
    answer = comes(browser)

    assert (answer.status_code, answer.json().keys()) == (200, {"access", "detail"})
    assert squatter.successes() == []
    assert [link for link in squatter.sign_up_links if Browser().get(link).status_code < 400] == []
    assert not Authenticator.objects.exists()
    assert Session.objects.filter(user__email=ADDRESS).count() == 1
    user = User.objects.get(email=ADDRESS)
    assert (user.email_verified, user.pending_email) == (True, "")
    assert Browser().sign_in(ADDRESS, NEW_PASSWORD).status_code == 200


@pytest.mark.parametrize("comes", [reset, sign_up])
def test_second_factor_is_removed_although_the_mailbox_was_verified_afterwards(
    comes: Callable[[Browser], Any], browser: Browser, settings: Any
) -> None:
    squatter = Squatter(settings, "optional")
    [link] = squatter.sign_up_links
    Browser().get(link)
    assert User.objects.get(email=ADDRESS).email_verified

    answer = comes(browser)

    assert answer.json().keys() == {"access", "detail"}
    assert squatter.successes() == []
    assert not Authenticator.objects.exists()
    assert REMOVED in [email.subject for email in emails_to(ADDRESS)]


def test_invitation_ends_it_before_it_is_accepted(squatter: Squatter) -> None:
    signed_in_admin().invite(ADDRESS, role="STAFF")

    assert squatter.successes() == []
    assert not Authenticator.objects.exists()
    user = User.objects.get(email=ADDRESS)
    assert (user.role, user.email_verified, user.has_usable_password()) == ("STAFF", False, False)


def test_invitation_ends_the_cookie_of_a_reset(squatter: Squatter, browser: Browser) -> None:
    first = Browser().open_reset(ADDRESS)

    accept_an_invitation(browser)

    assert first.set_new().status_code == 401
