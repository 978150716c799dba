"""Accounts that were signed up and never used are purged; any other is kept."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command

from accounts.models import User
from accounts.tasks import purge_unused_accounts
from tests.client import Browser
from tests.clock import later
from tests.mailbox import link_to
from tests.people import PASSWORD, make_user

pytestmark = pytest.mark.django_db

ADDRESS = "new@example.test"
MONTH = 30 * 86_400


@pytest.fixture
def signed_up(browser: Browser) -> Browser:
    browser.sign_up(ADDRESS)
    return browser


def purge_after(seconds: float) -> None:
    with later(seconds):
        purge_unused_accounts()


def test_sign_up_that_was_never_verified_is_purged_after_a_month(
    signed_up: Browser, caplog: Any
) -> None:
    purge_after(MONTH - 10)
    assert User.objects.filter(email=ADDRESS).exists()

    purge_after(MONTH + 10)
    assert not User.objects.filter(email=ADDRESS).exists()
    assert "sign_up_expired" in caplog.text


def verify(_: Browser) -> None:
    Browser().get(link_to(ADDRESS))


def reset(browser: Browser) -> None:
    browser.call("post", "rest_password_reset", {"email": ADDRESS})
    browser.get(link_to(ADDRESS))
    browser.set_password("rest_password_reset_set_new", "another good pass phrase")


def be_verified_by_an_admin(_: Browser) -> None:
    user = User.objects.get(email=ADDRESS)
    user.email_verified = True
    user.save()


def be_promoted(_: Browser) -> None:
    user = User.objects.get(email=ADDRESS)
    user.role = User.Role.STAFF
    user.save()


def be_closed(_: Browser) -> None:
    user = User.objects.get(email=ADDRESS)
    user.is_active = False
    user.save()


@pytest.mark.parametrize("use", [verify, reset, be_verified_by_an_admin, be_promoted, be_closed])
def test_account_that_was_used_or_changed_is_kept(
    use: Callable[[Browser], None], signed_up: Browser
) -> None:
    use(signed_up)

    purge_after(MONTH + 10)

    assert User.objects.filter(email=ADDRESS).exists()


@pytest.mark.parametrize("mode", ["optional", "none"])
def test_sign_up_that_signs_in_at_once_is_kept(mode: str, browser: Browser, settings: Any) -> None:
    settings.EMAIL_VERIFICATION = mode
    browser.sign_up(ADDRESS)
    settings.EMAIL_VERIFICATION = "mandatory"

    purge_after(MONTH + 10)

    assert User.objects.filter(email=ADDRESS).exists()


def test_later_sign_in_counts_as_use(signed_up: Browser, settings: Any) -> None:
    settings.EMAIL_VERIFICATION = "optional"
    Browser().sign_in(ADDRESS)

    purge_after(MONTH + 10)

    assert User.objects.filter(email=ADDRESS).exists()


def test_account_that_nobody_signed_up_is_kept(db: None) -> None:
    make_user(email=ADDRESS, email_verified=False)
    call_command("createsuperuser", "--no-input", email="root@example.test")

    purge_after(400 * 86_400)

    assert User.objects.count() == 2


def test_signing_up_again_does_not_prolong_it(signed_up: Browser) -> None:
    with later(MONTH - 10):
        Browser().sign_up(ADDRESS, PASSWORD)

    purge_after(MONTH + 10)

    assert not User.objects.filter(email=ADDRESS).exists()
