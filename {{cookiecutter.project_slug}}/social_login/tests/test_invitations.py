"""Where admins manage who joins, a provider lets in whom an admin invited, and nobody else."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from social_login.models import SocialAccount
from social_login.tests.steps import GRACE, complete, error_of, go, sign_in
from tests.client import Browser
from tests.flows.steps import refusal, signed_in_admin
from tests.mailbox import emails_to, link_to
from tests.people import make_user

ADDRESS = GRACE["email"]


@pytest.fixture(autouse=True)
def _admin_managed(settings: Any) -> None:
    settings.JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION = True


@pytest.fixture
def invited(guest: Browser) -> User:
    signed_in_admin().invite(ADDRESS, role="STAFF", first_name="Amazing")
    return User.objects.get(email=ADDRESS)


def test_nobody_signs_up(guest: Browser) -> None:
    assert error_of(guest) == "not_invited"
    assert not User.objects.exists()


def test_who_was_invited_accepts(guest: Browser, invited: User) -> None:
    assert sign_in(guest).status_code == 200

    invited.refresh_from_db()
    assert (invited.email_verified, invited.invited_at, invited.purge_after) == (True, None, None)
    assert (invited.role, invited.first_name) == ("STAFF", "Amazing")
    assert SocialAccount.objects.get().user == invited


def test_the_link_of_the_invitation_ends(guest: Browser, invited: User) -> None:
    link = link_to(ADDRESS)
    sign_in(guest)

    assert Browser().get(link).status_code == 400


def test_an_address_that_is_not_verified_accepts_nothing(guest: Browser, invited: User) -> None:
    assert error_of(guest, email_verified="") == "email_not_verified"

    invited.refresh_from_db()
    assert invited.invited_at


def test_an_expired_invitation_is_none(guest: Browser, invited: User) -> None:
    User.objects.update(invited_at=timezone.now() - timedelta(days=8))

    assert error_of(guest) == "not_invited"


def test_an_invitation_that_ends_after_the_callback_is_none(guest: Browser, invited: User) -> None:
    code = go(guest)["code"]
    User.objects.filter(pk=invited.pk).delete()

    assert refusal(complete(guest, code)) == (403, "not_invited")


def test_invitations_that_are_off_are_none(guest: Browser, invited: User, settings: Any) -> None:
    settings.JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION = False

    assert error_of(guest) == "not_invited"


def test_who_is_a_member_is_linked(guest: Browser) -> None:
    member = make_user(email=ADDRESS)

    assert sign_in(guest).status_code == 200
    assert SocialAccount.objects.get().user == member
    assert len(emails_to(ADDRESS)) == 1


def test_who_signed_up_before_and_never_verified_stays_out(guest: Browser) -> None:
    make_user(email=ADDRESS, email_verified=False)

    assert error_of(guest) == "not_invited"
