"""Accounts that were signed up or invited and never used are purged; any other is kept."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import ProtectedError, RestrictedError
from django.utils import timezone

from accounts.models import User
from accounts.services import unused_accounts
from accounts.tasks import purge_unused_accounts
from tests.client import Browser
from tests.clock import later
from tests.flows.steps import signed_in_admin, signed_in_as
from tests.mailbox import link_to
from tests.people import make_user, save

pytestmark = pytest.mark.django_db

ADDRESS = "new@example.test"
WEEK, MONTH = 7 * 86_400, 30 * 86_400


@pytest.fixture(autouse=True)
def _invitations(settings: Any) -> None:
    settings.JWT_ALLAUTH_INVITATIONS = True


def sign_up() -> None:
    Browser().sign_up(ADDRESS)


def invite() -> None:
    signed_in_admin().invite(ADDRESS)


def is_purged_after(seconds: float) -> bool:
    # A sign-up gets an e-mail a week before.
    for at in (MONTH - WEEK + 5, seconds):
        with later(min(at, seconds)):
            purge_unused_accounts()
    return not User.objects.filter(email=ADDRESS).exists()


@pytest.mark.parametrize(
    ("begin", "lifetime", "event"),
    [(sign_up, MONTH, "sign_up_expired"), (invite, WEEK, "invitation_expired")],
)
def test_unused_account_is_purged_and_frees_its_address(
    begin: Callable[[], None], lifetime: int, event: str, db: None, caplog: Any
) -> None:
    begin()

    assert not is_purged_after(lifetime - 10)
    assert is_purged_after(lifetime + 10)
    assert event in caplog.text
    sign_up()
    assert User.objects.filter(email=ADDRESS).exists()


def test_signing_up_again_does_not_prolong_it(db: None) -> None:
    sign_up()
    with later(MONTH - 10):
        sign_up()

    assert is_purged_after(MONTH + 10)


def test_another_invitation_prolongs_it(db: None) -> None:
    invite()
    with later(WEEK - 10):
        signed_in_as(User.objects.get(role="ADMIN")).invite(ADDRESS)

    assert not is_purged_after(WEEK + 10)
    assert is_purged_after(2 * WEEK + 10)


def verify() -> None:
    Browser().get(link_to(ADDRESS))


def reset() -> None:
    Browser().reset_password(ADDRESS)


def accept() -> None:
    browser = Browser()
    browser.get(link_to(ADDRESS))
    browser.accept()


@pytest.mark.parametrize(("begin", "use"), [(sign_up, verify), (sign_up, reset), (invite, accept)])
def test_used_account_is_kept(begin: Callable[[], None], use: Callable[[], None], db: None) -> None:
    begin()
    use()

    assert not is_purged_after(10 * WEEK)


@pytest.mark.parametrize(
    ("begin", "change"),
    [
        (sign_up, {"email_verified": True}),
        (sign_up, {"role": "STAFF"}),
        (sign_up, {"is_active": False}),
        (invite, {"password": "a usable hash"}),
    ],
)
def test_account_that_an_administrator_has_changed_is_kept(
    begin: Callable[[], None], change: dict[str, Any], db: None
) -> None:
    begin()
    save(User.objects.get(email=ADDRESS), **change)

    assert not is_purged_after(10 * WEEK)


@pytest.mark.parametrize("mode", ["optional", "none"])
@pytest.mark.parametrize("is_invited_later", [False, True])
def test_account_that_signs_in_at_once_is_kept(
    is_invited_later: bool, mode: str, db: None, settings: Any
) -> None:
    settings.EMAIL_VERIFICATION = mode
    sign_up()
    if is_invited_later:
        invite()
    else:
        settings.EMAIL_VERIFICATION = "mandatory"

    assert not is_purged_after(MONTH + 10)


def test_sign_up_that_is_invited_later_is_purged(db: None) -> None:
    sign_up()
    invite()

    assert is_purged_after(WEEK + 10)


def test_later_sign_in_counts_as_use(db: None, settings: Any) -> None:
    sign_up()
    settings.EMAIL_VERIFICATION = "optional"
    Browser().sign_in(ADDRESS)

    assert not is_purged_after(MONTH + 10)


def test_account_from_elsewhere_is_kept(db: None) -> None:
    make_user(email=ADDRESS, email_verified=False)
    call_command("createsuperuser", "--no-input", email="root@example.test")

    assert not is_purged_after(400 * 86_400)
    assert User.objects.count() == 2


@pytest.mark.parametrize("refused", [ProtectedError, RestrictedError])
def test_account_that_other_rows_refer_to_does_not_stop_the_purge(
    refused: Any, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    invite()
    Browser().sign_up("another@example.test")
    delete = User.delete

    def delete_unless_referred_to(user: User) -> Any:
        if user.email == ADDRESS:
            raise refused("rows refer to it", set())
        return delete(user)

    monkeypatch.setattr(User, "delete", delete_unless_referred_to)

    with later(MONTH + 10 - WEEK):
        purge_unused_accounts()
    with later(MONTH + 10):
        assert unused_accounts.purge(now=timezone.now()) == 1

    assert set(User.objects.values_list("email", flat=True)) > {ADDRESS}
    assert not User.objects.filter(email="another@example.test").exists()
