"""Notices to an owner: a verified one gets each, and strangers flood no mailbox with them."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from mail.models import Mail
from tests.authenticator import App
from tests.client import Browser
from tests.clock import later
from tests.limits import Rates
from tests.people import PASSWORD

pytestmark = pytest.mark.django_db

ADDRESS = "victim@example.test"
NEW = "another good pass phrase"


@pytest.fixture(autouse=True)
def _every_notice(settings: Any) -> None:
    settings.EMAIL_VERIFICATION = "optional"
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    settings.NEW_DEVICE_EMAILS = settings.REPLAY_EMAILS = True


def set_up(browser: Browser) -> App:
    app = App(browser.call("post", "jwt_allauth_mfa_setup", {}).json()["secret"])
    browser.call("post", "jwt_allauth_mfa_activate", {"code": app.code()})
    return app


def set_up_and_remove(browser: Browser) -> None:
    set_up(browser)
    browser.call("post", "jwt_allauth_mfa_deactivate", {"password": PASSWORD})


def change_password(browser: Browser) -> None:
    passwords = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    browser.call("post", "rest_password_change", passwords)


def ask_for_another_address(browser: Browser) -> None:
    browser.call("patch", "rest_user_details", {"email": "elsewhere@example.test"})


def sign_in_on_a_new_device(_browser: Browser) -> None:
    Browser().sign_in(ADDRESS)


def replay(browser: Browser) -> None:
    copied = browser.refresh_token
    browser.refresh()
    browser.refresh_token = copied
    with later(60):
        browser.refresh()


def guess_codes(browser: Browser) -> None:
    app = set_up(browser)
    for _ in range(2):
        challenge = Browser().sign_in(ADDRESS).json()["challenge_id"]
        for _ in range(5):
            body = {"challenge_id": challenge, "code": app.wrong_code()}
            Browser().call("post", "jwt_allauth_mfa_verify", body)


CAUSES: list[tuple[Callable[[Browser], None], set[str]]] = [
    (set_up_and_remove, {"second_factor_on", "second_factor_off"}),
    (change_password, {"password_changed"}),
    (ask_for_another_address, {"email_change_asked"}),
    (sign_in_on_a_new_device, {"new_device"}),
    (replay, {"refresh_replayed"}),
    (guess_codes, {"second_factor_on", "second_factor_locked"}),
]


def notices() -> set[str]:
    kinds = Mail.objects.filter(recipient=ADDRESS).values_list("kind", flat=True)
    return set(kinds) - {"verify_address"}


@pytest.mark.parametrize("verification", ["optional", "none"])
def test_five_e_mails_an_hour_reach_a_mailbox_that_nobody_has_shown(
    verification: str, rates: Rates, settings: Any
) -> None:
    settings.EMAIL_VERIFICATION = verification
    rates(mailbox_account="5/hour")
    stranger = Browser()
    stranger.sign_up(ADDRESS)

    for _ in range(4):
        set_up_and_remove(stranger)

    assert Mail.objects.filter(recipient=ADDRESS).count() <= 5


@pytest.mark.parametrize(("cause", "_kinds"), CAUSES)
def test_notice_over_the_limit_of_a_mailbox_that_nobody_has_shown_is_dropped(
    cause: Callable[[Browser], None], _kinds: set[str], rates: Rates
) -> None:
    rates(mailbox_account="1/hour")
    stranger = Browser()
    stranger.sign_up(ADDRESS)

    cause(stranger)

    assert notices() == set()


@pytest.mark.parametrize(("cause", "kinds"), CAUSES)
@pytest.mark.parametrize(("verified", "rate"), [(True, "1/hour"), (False, "5/hour")])
def test_notice_is_sent_to_a_verified_owner_always_and_to_others_within_the_limit(
    verified: bool, rate: str, cause: Callable[[Browser], None], kinds: set[str], rates: Rates
) -> None:
    rates(mailbox_account=rate)
    owner = Browser()
    owner.sign_up(ADDRESS)
    User.objects.update(email_verified=verified)

    cause(owner)

    assert notices() == kinds
