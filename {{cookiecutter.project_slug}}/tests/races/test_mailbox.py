"""Race conditions of links, e-mails and addresses."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils import timezone
from rest_framework.exceptions import ValidationError

from accounts import sign_in
from accounts.errors import IncorrectCredentials
from accounts.flows import verification
from accounts.flows.invitation import accept, invite
from accounts.flows.password_reset import set_new_password
from accounts.link_cookies import PASSWORD_RESET_COOKIE
from accounts.models import Session, User
from accounts.services import email_addresses, unused_accounts
from accounts.services.client import Client
from accounts.services.links import signed_links
from accounts.services.links.signed_links import Purpose
from mail.models import Mail
from tests.client import Browser
from tests.mailbox import link_to
from tests.people import NEW_PASSWORD, PASSWORD, make_user, prove
from tests.races.concurrency import Elsewhere, at_once, overtaken

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESS = "new@example.test"
NOBODY = Client(None, "")


def invite_by(admin: User) -> None:
    names = {"first_name": "", "last_name": ""}
    invite(email=ADDRESS, role="USER", by=admin, now=timezone.now(), **names)


def make_link(user: User, purpose: Purpose) -> signed_links.SignedLink:
    now = timezone.now()
    token = signed_links.issue(purpose, user=user, expires_at=now + signed_links.COOKIE_LIFETIME)
    return signed_links.read(purpose, token, now=now)


def test_of_ten_set_new_with_one_cookie_exactly_one_wins(user: User) -> None:
    first = Browser().open_reset(user.email)
    browsers = [Browser() for _ in range(10)]
    for browser in browsers:
        for name in (PASSWORD_RESET_COOKIE.name, "csrftoken"):
            browser.cookies[name] = first.cookies[name].value
    phrases = [f"good pass phrase number {number}" for number in range(10)]

    def set_new(number: int) -> int:
        return int(browsers[number].set_new(phrases[number]).status_code)

    statuses = at_once(10, set_new)

    assert sorted(statuses) == [200] + [401] * 9
    assert Session.objects.count() == 1
    winner = phrases[statuses.index(200)]
    assert Browser().sign_in(user.email, winner).status_code == 200


def set_new(link: signed_links.SignedLink) -> None:
    set_new_password(link=link, new_password=NEW_PASSWORD, client=NOBODY, now=timezone.now())


def test_sign_in_with_a_password_that_is_being_reset_is_refused(user: User) -> None:
    credentials = prove(user)
    assert credentials is not None
    reset = make_link(user, Purpose.PASSWORD_RESET_COOKIE)

    with pytest.raises(IncorrectCredentials):
        overtaken(
            lambda: sign_in.complete_sign_in(credentials, client=NOBODY, now=timezone.now()),
            by=lambda: set_new(reset),
        )

    assert Session.objects.count() == 1, "the one that the reset opened"


def test_of_ten_sign_ups_with_one_address_one_makes_the_account(db: Any) -> None:
    statuses = at_once(10, lambda _: Browser().sign_up(ADDRESS).status_code)

    assert statuses == [201] * 10
    assert User.objects.count() == EmailAddress.objects.count() == 1
    kinds = list(Mail.objects.values_list("kind", flat=True))
    assert sorted(kinds) == ["already_signed_up"] * 9 + ["verify_address"]


def test_of_ten_invitations_at_once_the_last_counts(user: User) -> None:
    at_once(10, lambda _: invite_by(user))

    assert User.objects.filter(email=ADDRESS).count() == 1
    assert link_to(ADDRESS)
    states = Mail.objects.filter(kind="invitation").values_list("state", flat=True)
    assert sorted(states) == ["obsolete"] * 9 + ["sent"]


def test_account_that_is_being_invited_is_not_verified(user: User) -> None:
    squatter = make_user(email=ADDRESS, email_verified=False)
    link = make_link(squatter, Purpose.SIGN_UP)

    with pytest.raises(signed_links.LinkNotValid):
        overtaken(lambda: verification.verify(link), by=lambda: invite_by(user))

    squatter.refresh_from_db()
    assert not squatter.email_verified


def test_account_that_is_being_verified_is_not_taken_over(user: User) -> None:
    owner = make_user(email=ADDRESS, email_verified=False)

    with pytest.raises(ValidationError):
        overtaken(lambda: invite_by(user), by=lambda: email_addresses.mark_verified(owner))

    assert Browser().sign_in(ADDRESS, PASSWORD).status_code == 200


def test_address_is_not_requested_with_a_password_that_is_being_reset(
    signed_in: Browser, user: User
) -> None:
    reset = make_link(user, Purpose.PASSWORD_RESET_COOKIE)

    response = overtaken(
        lambda: signed_in.change_profile(email=ADDRESS),
        by=lambda: set_new(reset),
    )

    assert response.status_code == 401
    user.refresh_from_db()
    assert user.pending_email == ""
    assert not Mail.objects.filter(recipient=ADDRESS).exists()


def test_of_two_accounts_that_move_to_one_address_at_once_one_does(user: User) -> None:
    users, now = [user, make_user()], timezone.now()
    for each in users:
        Browser().sign_in(each.email)
        session = Session.objects.select_related("user").get(user=each)
        email_addresses.request_change(
            session=session, email=ADDRESS, expires_at=now + timedelta(days=1)
        )

    moved = at_once(
        2,
        lambda number: (
            email_addresses.complete_change(user=users[number], email=ADDRESS, now=now) is not None
        ),
    )

    assert sorted(moved) == [False, True]
    assert User.objects.filter(email=ADDRESS).count() == 1
    assert EmailAddress.objects.filter(email=ADDRESS).count() == 1


def test_purge_spares_an_invitation_that_is_being_accepted(user: User) -> None:
    invite_by(user)
    invited = make_link(User.objects.get(email=ADDRESS), Purpose.INVITATION_COOKIE)
    long_after = timezone.now() + timedelta(days=366)
    with Elsewhere() as elsewhere, transaction.atomic():
        accept(link=invited, new_password=NEW_PASSWORD, client=NOBODY, now=timezone.now())

        purging = elsewhere.start(lambda: unused_accounts.purge(now=long_after))
        assert purging.result(timeout=10) == 0
    assert User.objects.filter(email=ADDRESS).exists()
