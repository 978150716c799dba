"""Resending: the e-mail of a sign-up, and that of an invitation, once more."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts.models import User
from mail.models import Mail
from tests.admin.steps import act
from tests.client import Browser
from tests.clock import later
from tests.flows.steps import refusal, signed_in_as
from tests.limits import Rates, stranger
from tests.mailbox import emails_to, link_to
from tests.people import NEW_PASSWORD, PASSWORD, make_user
from tests.queries import statements

pytestmark = pytest.mark.django_db

ADDRESS = "new@example.test"
DAY = 86_400


def resend(email: str, browser: Browser | None = None) -> Any:
    return (browser or Browser()).call("post", "rest_resend_verification", {"email": email})


# Of a sign-up


def test_new_link_verifies_the_address(browser: Browser) -> None:
    browser.sign_up(ADDRESS)
    with later(4 * DAY):
        assert resend(ADDRESS).status_code == 200
        Client().get(link_to(ADDRESS))

    assert User.objects.get().email_verified


def unknown() -> str:
    return "nobody@example.test"


def unverified() -> str:
    return str(make_user(email_verified=False).email)


def verified() -> str:
    return str(make_user().email)


def inactive() -> str:
    return str(make_user(email_verified=False, is_active=False).email)


def closing() -> str:
    user = make_user()
    signed_in_as(user).call("post", "user_close", {})
    Mail.objects.all().delete()
    return str(user.email)


def invited() -> str:
    admin = signed_in_as(make_user(role=User.Role.ADMIN))
    admin.invite(ADDRESS)
    Mail.objects.all().delete()
    return ADDRESS


def invited_with_password() -> str:
    """The administrator has set a password since."""
    user = User.objects.get(email=invited())
    user.set_password(PASSWORD)
    user.save()
    Mail.objects.all().delete()
    return ADDRESS


CASES = {unknown: 0, unverified: 1, verified: 0, inactive: 0, closing: 0, invited: 0}
CASES[invited_with_password] = 1


@pytest.mark.parametrize(
    ("address", "emails"), CASES.items(), ids=[case.__name__ for case in CASES]
)
def test_answer_and_work_are_the_same_for_every_address(
    address: Callable[[], str], emails: int, settings: Any
) -> None:
    settings.JWT_ALLAUTH_INVITATIONS = True
    email = address()

    with statements(2):
        response = resend(email)

    assert (response.status_code, response.json()) == (
        200,
        {"detail": "If this e-mail address still has to be verified, we have sent it a new link."},
    )
    assert not response.cookies
    assert len(emails_to(email)) == emails


def test_invited_user_with_a_password_verifies_the_address(settings: Any) -> None:
    settings.JWT_ALLAUTH_INVITATIONS = True
    email = invited_with_password()
    assert refusal(Browser().sign_in(email)) == (401, "email_not_verified")

    resend(email)
    Client().get(link_to(email))

    assert Browser().sign_in(email).status_code == 200


def test_it_is_limited_by_address_and_mailbox(rates: Rates) -> None:
    rates(resend_account="2/hour", mailbox_account="3/hour")

    answers = [resend(ADDRESS, stranger(number)).status_code for number in range(3)]
    assert answers == [200, 200, 429]
    assert resend("new+tag@example.test", stranger(4)).status_code == 429
    assert stranger(5).request_reset(ADDRESS).status_code == 200
    assert stranger(6).request_reset(ADDRESS).status_code == 429


def test_it_is_off_without_verification(settings: Any) -> None:
    settings.EMAIL_VERIFICATION = "none"

    assert refusal(resend(ADDRESS)) == (404, "not_found")


# Of an invitation


@pytest.fixture
def inviter(settings: Any) -> User:
    settings.JWT_ALLAUTH_INVITATIONS = True
    fields = {"first_name": "Grace", "last_name": "Hopper", "is_superuser": True}
    return make_user(role=User.Role.ADMIN, **fields)


@pytest.fixture
def guest(inviter: User) -> User:
    signed_in_as(inviter).invite(ADDRESS, role="STAFF")
    return User.objects.get(email=ADDRESS)


def test_e_mail_names_who_invites(guest: User) -> None:
    assert "Grace Hopper has invited you to Gatehouse." in emails_to(ADDRESS)[-1].body


def test_inviter_without_a_name_or_an_account_is_not_named(guest: User, inviter: User) -> None:
    User.objects.filter(pk=inviter.pk).delete()

    body = emails_to(ADDRESS)[-1].body
    assert "has invited you" not in body
    assert inviter.email not in body
    assert link_to(ADDRESS)


def test_invitation_is_sent_again_with_a_new_link(guest: User, inviter: User) -> None:
    guest.groups.add(Group.objects.create(name="Editors"))
    old = link_to(ADDRESS)

    with later(6 * DAY):
        assert "Invitations sent again: 1. None was pending, or too many: 0." in act(
            inviter, "send_invitation_again", guest
        )

        assert Client().get(old).status_code == 400
    with later(12 * DAY):
        browser = Browser()
        browser.get(link_to(ADDRESS))
        browser.accept()

    guest.refresh_from_db()
    assert (guest.role, guest.email_verified) == ("STAFF", True)
    assert guest.groups.get().name == "Editors"
    assert guest.check_password(NEW_PASSWORD)


def test_only_a_pending_invitation_is_sent(user: User, inviter: User) -> None:
    assert "Invitations sent again: 0. None was pending, or too many: 1." in act(
        inviter, "send_invitation_again", user
    )

    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    assert not Mail.objects.exists()


def test_resent_invitations_are_limited(guest: User, inviter: User, rates: Rates) -> None:
    rates(invitation_account="1/hour")

    assert "Invitations sent again: 1." in act(inviter, "send_invitation_again", guest)
    assert "Invitations sent again: 0." in act(inviter, "send_invitation_again", guest)


def test_no_invitation_is_sent_while_they_are_off(
    guest: User, inviter: User, settings: Any
) -> None:
    settings.JWT_ALLAUTH_INVITATIONS = False

    assert "Invitations sent again: 0." in act(inviter, "send_invitation_again", guest)
