"""What happens to an account: each act begins with a browser that is signed in to it."""

from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from django.core.management import call_command
from django.test import override_settings

from accounts.models import User
from tests.authenticator import enrol
from tests.client import BY_RECOVERY_CODE, Browser
from tests.leaks import file_of
from tests.people import PASSWORD, save

NEW_ADDRESS = "new@example.test"


def sign_in_elsewhere(browser: Browser, user: User) -> None:
    Browser().sign_in(user.email)


def replay(browser: Browser, user: User) -> None:
    stolen = browser.refresh_token
    browser.refresh()
    browser.refresh()
    browser.refresh_token = stolen
    browser.refresh()


def change_password(browser: Browser, user: User, old: str = PASSWORD) -> None:
    browser.change_password(old_password=old)


def request_reset(browser: Browser, user: User) -> None:
    browser.request_reset(user.email)


def reset_password(browser: Browser, user: User) -> None:
    Browser().reset_password(user.email)


def request_address(browser: Browser, user: User) -> None:
    browser.change_profile(email=NEW_ADDRESS)


def change_address_by_script(browser: Browser, user: User) -> None:
    save(user, email=NEW_ADDRESS)


def withdraw_verification(browser: Browser, user: User) -> None:
    save(user, email_verified=False)


def set_up_second_factor(browser: Browser, user: User) -> None:
    browser.activate(browser.set_up().code())


def replace_recovery_codes(browser: Browser, user: User) -> None:
    code = enrol(user).app.code()
    browser.call("post", "mfa_recovery_codes", {"code": code})


def use_recovery_codes(browser: Browser, user: User) -> None:
    """Seven of the ten."""
    for code in enrol(user).recovery_codes[:7]:
        challenge = Browser().sign_in(user.email).json()["challenge_id"]
        Browser().verify(challenge, code, BY_RECOVERY_CODE)


def trust_device_and_end_it(browser: Browser, user: User) -> None:
    code = enrol(user).app.code()
    challenge = browser.sign_in(user.email).json()["challenge_id"]
    answer = {"challenge_id": challenge, "code": code, "trust_device": True}
    browser.access = browser.call("post", "jwt_allauth_mfa_verify", answer).json()["access"]
    [device] = browser.call("get", "mfa_trusted_devices").json()
    browser.call("delete", "mfa_trusted_device", kwargs={"device_id": device["id"]})


def remove_second_factor(browser: Browser, user: User) -> None:
    set_up_second_factor(browser, user)
    browser.deactivate()


def reset_second_factor(browser: Browser, user: User) -> None:
    set_up_second_factor(browser, user)
    call_command("reset_second_factor", user.email, stdout=StringIO())


def enrol_unverified(user: User) -> None:
    save(user, email_verified=False)
    enrol(User.objects.get(pk=user.pk))


def reset_password_with_unverified_second_factor(browser: Browser, user: User) -> None:
    enrol_unverified(user)
    reset_password(browser, user)


def sign_in_with_leaked_password(browser: Browser, user: User) -> None:
    with TemporaryDirectory() as folder:
        leaked = file_of([PASSWORD], Path(folder))
        with override_settings(LEAKED_PASSWORDS_FILE=leaked):
            Browser().sign_in(user.email)


def guess_codes(browser: Browser, user: User) -> None:
    app = enrol(user).app
    for _ in range(2):
        challenge = Browser().sign_in(user.email).json()["challenge_id"]
        for _ in range(5):
            Browser().verify(challenge, app.wrong_code())
