"""A session that has ended, while its request waits, changes nothing."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts import revocation
from accounts.models import RecoveryCode, Session, User
from tests.authenticator import enrol
from tests.client import Browser
from tests.flows.steps import refusal, signed_in_with_code
from tests.people import NEW_PASSWORD
from tests.races.concurrency import overtaken

pytestmark = pytest.mark.django_db(transaction=True)

ENDED = (401, "token_not_valid")


def set_first_password(browser: Browser) -> Any:
    new = {"new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    return browser.call("post", "rest_password_set", new)


@pytest.mark.parametrize(
    "change",
    [
        Browser.change_password,
        lambda browser: browser.change_profile(first_name="Mallory"),
        lambda browser: browser.change_profile(email="mallory@example.test"),
        lambda browser: browser.call("post", "user_close", {}),
    ],
    ids=["password", "names", "address", "closing"],
)
def test_account_stays_as_it_was(
    change: Callable[[Browser], Any], signed_in: Browser, user: User
) -> None:
    before = User.objects.values().get()

    response = overtaken(lambda: change(signed_in), by=lambda: revocation.revoke_all(user))

    assert refusal(response) == ENDED
    assert User.objects.values().get() == before
    assert not Session.objects.exists()


def test_first_password_is_not_set(signed_in: Browser, user: User) -> None:
    user.set_unusable_password()
    User.objects.update(password=user.password)

    response = overtaken(
        lambda: set_first_password(signed_in), by=lambda: revocation.revoke_all(user)
    )

    assert refusal(response) == ENDED
    assert not User.objects.get().has_usable_password()
    assert not Session.objects.exists()


def test_recovery_codes_stay(user: User, settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    held = enrol(user)
    browser, before = signed_in_with_code(user, held), set(RecoveryCode.objects.values_list("pk"))
    body = {"code": held.app.code(+1)}

    response = overtaken(
        lambda: browser.call("post", "mfa_recovery_codes", body),
        by=lambda: revocation.revoke_all(User.objects.get()),
    )

    assert refusal(response) == ENDED
    assert set(RecoveryCode.objects.values_list("pk")) == before
