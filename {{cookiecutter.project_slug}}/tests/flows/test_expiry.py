"""A sign-up that is about to be deleted gets one e-mail, whose link keeps it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts import checks
from accounts.flows import closing
from accounts.models import User
from accounts.tasks import purge_unused_accounts
from mail.models import Mail
from tests.client import Browser
from tests.clock import later
from tests.flows.steps import signed_in_admin
from tests.mailbox import emails_to, link_to
from tests.people import NEW_PASSWORD, make_user, save

pytestmark = pytest.mark.django_db

ADDRESS = "new@example.test"
DAY = 86_400
SUBJECT = "Your sign-up at Gatehouse expires soon"


@pytest.fixture(autouse=True)
def _sign_up(db: None) -> None:
    Browser().sign_up(ADDRESS)
    emails_to(ADDRESS)


def warn(days: float) -> None:
    with later(days * DAY):
        purge_unused_accounts()


def warnings() -> int:
    """How many reach the mailbox."""
    return sum(email.subject == SUBJECT for email in emails_to(ADDRESS))


def exists() -> bool:
    return User.objects.filter(email=ADDRESS).exists()


def test_e_mail_is_sent_seven_days_before_and_once() -> None:
    warn(22.9)
    assert not warnings()

    for days in (23, 23.1, 26, 29.9):
        warn(days)

    assert Mail.objects.filter(kind="sign_up_expiring").count() == 1
    with later(24 * DAY):
        assert warnings() == 1
    assert exists()


def test_link_verifies_until_the_deletion_and_keeps_the_account() -> None:
    warn(23)
    with later(29 * DAY):
        Browser().get(link_to(ADDRESS))
    warn(31)

    user = User.objects.get(email=ADDRESS)
    assert (user.email_verified, user.purge_after) == (True, None)


def test_account_without_it_is_deleted() -> None:
    warn(23)
    with later(24 * DAY):
        link = link_to(ADDRESS)
    warn(30.1)

    assert not exists()
    with later(30.1 * DAY):
        assert Browser().get(link).status_code == 400


def test_no_account_is_deleted_without_the_e_mail() -> None:
    # The task has not run for a month.
    warn(40)
    assert exists()

    warn(46)
    assert exists()
    warn(47.1)

    assert not exists()


def test_sign_up_whose_password_is_disabled_is_not_deleted_without_it_either() -> None:
    save(User.objects.get(email=ADDRESS), password=make_password(None))

    # The task has not run for a month.
    warn(40)

    assert exists()


def verify() -> None:
    User.objects.filter(email=ADDRESS).update(email_verified=True, purge_after=None)


def close() -> None:
    closing.close(User.objects.get(email=ADDRESS), now=timezone.now())


def deactivate() -> None:
    User.objects.filter(email=ADDRESS).update(is_active=False)


def invite() -> None:
    signed_in_admin().invite(ADDRESS)


def reset() -> None:
    Browser().reset_password(ADDRESS)


def set_password() -> None:
    save(User.objects.get(email=ADDRESS), password=NEW_PASSWORD)


def give_a_role() -> None:
    save(User.objects.get(email=ADDRESS), role=User.Role.STAFF)


CHANGES = [verify, close, deactivate, invite]


@pytest.mark.parametrize("change", [*CHANGES, reset, give_a_role])
def test_nothing_is_sent_after_a_change(change: Callable[[], None], settings: Any) -> None:
    settings.JWT_ALLAUTH_INVITATIONS = True
    change()

    warn(23)

    assert not Mail.objects.filter(kind="sign_up_expiring").exists()


@pytest.mark.parametrize("change", [*CHANGES, set_password])
def test_e_mail_that_is_waiting_becomes_obsolete_by_a_change(
    change: Callable[[], None], settings: Any
) -> None:
    settings.JWT_ALLAUTH_INVITATIONS = True
    warn(23)
    change()

    with later(23 * DAY):
        assert not warnings()


def test_account_from_elsewhere_gets_none() -> None:
    make_user(email="old@example.test", email_verified=False)

    warn(400)

    assert not Mail.objects.filter(recipient="old@example.test").exists()


@pytest.mark.parametrize(
    ("name", "value"), [("UNVERIFIED_ACCOUNT_WARNING", 0), ("EMAIL_VERIFICATION", "none")]
)
def test_it_can_be_switched_off(name: str, value: Any, settings: Any) -> None:
    setattr(settings, name, value)

    warn(29.9)
    assert exists()
    warn(30.1)

    assert not exists()
    assert not Mail.objects.filter(kind="sign_up_expiring").exists()


def test_times_are_settings(settings: Any) -> None:
    settings.UNVERIFIED_ACCOUNT_WARNING = DAY
    warn(28.9)
    assert not Mail.objects.filter(kind="sign_up_expiring").exists()
    warn(29)
    assert Mail.objects.filter(kind="sign_up_expiring").exists()

    settings.UNVERIFIED_ACCOUNT_LIFETIME = 2 * DAY
    Browser().sign_up("second@example.test")
    purge_after = User.objects.values_list("purge_after", flat=True).get(
        email="second@example.test"
    )
    assert purge_after is not None
    assert (purge_after - timezone.now()).days == 1


def test_warning_after_the_deletion_is_refused(settings: Any) -> None:
    settings.UNVERIFIED_ACCOUNT_WARNING = settings.UNVERIFIED_ACCOUNT_LIFETIME

    names = [str(found.id) for check in checks.CHECKS for found in check(None)]

    assert any("UNVERIFIED_ACCOUNT_WARNING" in name for name in names)


def test_e_mail_warns_of_an_account_of_somebody_else() -> None:
    warn(23)

    with later(23 * DAY):
        assert "Do not open the link" in emails_to(ADDRESS)[-1].body
