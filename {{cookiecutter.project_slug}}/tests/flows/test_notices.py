"""Notices to an owner: a verified one gets each, and strangers flood no mailbox with them."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from mail.models import Mail
from tests.client import Browser
from tests.clock import later
from tests.flows.steps import challenge_for, with_token
from tests.limits import Rates

pytestmark = pytest.mark.django_db

ADDRESS = "victim@example.test"


@pytest.fixture(autouse=True)
def _every_notice(settings: Any) -> None:
    settings.EMAIL_VERIFICATION = "optional"
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    settings.NEW_DEVICE_EMAILS = settings.REPLAY_EMAILS = True


def set_up_and_remove(browser: Browser) -> None:
    browser.activate(browser.set_up().code())
    browser.deactivate()


def request_another_address(browser: Browser) -> None:
    browser.change_profile(email="elsewhere@example.test")


def sign_in_on_a_new_device(_: Browser) -> None:
    Browser().sign_in(ADDRESS)


def replay(browser: Browser) -> None:
    rotated = browser.rotate()
    with later(60):
        with_token(rotated).refresh()


def guess_codes(browser: Browser) -> None:
    app = browser.set_up()
    browser.activate(app.code())
    for _ in range(2):
        challenge = challenge_for(User.objects.get())
        for _ in range(5):
            Browser().verify(challenge, app.wrong_code())


CAUSES: list[tuple[Callable[[Browser], Any], set[str]]] = [
    (set_up_and_remove, {"second_factor_on", "second_factor_off"}),
    (Browser.change_password, {"password_changed"}),
    (request_another_address, {"email_change_asked"}),
    (sign_in_on_a_new_device, {"new_device"}),
    (replay, {"refresh_replayed"}),
    (guess_codes, {"second_factor_on", "second_factor_locked"}),
]


@pytest.mark.parametrize("verification", ["optional", "none"])
def test_unverified_mailbox_gets_five_emails_an_hour(
    verification: str, browser: Browser, rates: Rates, settings: Any
) -> None:
    settings.EMAIL_VERIFICATION = verification
    rates(mailbox_account="5/hour")
    browser.sign_up(ADDRESS)

    for _ in range(4):
        set_up_and_remove(browser)

    assert Mail.objects.filter(recipient=ADDRESS).count() <= 5


@pytest.mark.parametrize(("cause", "kinds"), CAUSES)
@pytest.mark.parametrize(
    ("is_verified", "rate", "is_sent"),
    [(True, "1/hour", True), (False, "5/hour", True), (False, "1/hour", False)],
    ids=["verified", "within the limit", "over the limit"],
)
def test_notice_is_sent_to_a_verified_owner_always_and_to_others_within_the_limit(
    is_verified: bool,
    rate: str,
    is_sent: bool,
    cause: Callable[[Browser], Any],
    kinds: set[str],
    browser: Browser,
    rates: Rates,
) -> None:
    rates(mailbox_account=rate)
    browser.sign_up(ADDRESS)
    User.objects.update(email_verified=is_verified)

    cause(browser)

    emails = Mail.objects.filter(recipient=ADDRESS).exclude(kind="verify_address")
    assert set(emails.values_list("kind", flat=True)) == (kinds if is_sent else set())
