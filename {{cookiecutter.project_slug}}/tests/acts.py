"""What happens to an account: each act begins with a browser that is signed in to it."""

from io import StringIO

from django.core.management import call_command

from accounts.models import User
from tests.authenticator import App, enrol
from tests.client import BY_RECOVERY_CODE, Browser
from tests.mailbox import link_to
from tests.people import PASSWORD

NEW_ADDRESS = "new@example.test"
NEW_PASSWORD = "another good pass phrase"


def sign_in_elsewhere(browser: Browser, user: User) -> None:
    Browser().sign_in(user.email)


def replay(browser: Browser, user: User) -> None:
    stolen = browser.refresh_token
    browser.refresh()
    browser.refresh()
    browser.refresh_token = stolen
    browser.refresh()


def change_password(browser: Browser, user: User, old: str = PASSWORD) -> None:
    new = dict.fromkeys(("new_password1", "new_password2"), NEW_PASSWORD)
    browser.call("post", "rest_password_change", {"old_password": old, **new})


def request_reset(browser: Browser, user: User) -> None:
    browser.call("post", "rest_password_reset", {"email": user.email})


def reset_password(browser: Browser, user: User) -> None:
    request_reset(browser, user)
    owner = Browser()
    owner.get(link_to(user.email))
    owner.set_password("rest_password_reset_set_new", NEW_PASSWORD)


def request_address(browser: Browser, user: User) -> None:
    browser.call("patch", "rest_user_details", {"email": NEW_ADDRESS})


def change_address_by_script(browser: Browser, user: User) -> None:
    user.email = NEW_ADDRESS
    user.save()


def withdraw_verification(browser: Browser, user: User) -> None:
    user.email_verified = False
    user.save()


def set_up_second_factor(browser: Browser, user: User) -> None:
    secret = browser.call("post", "jwt_allauth_mfa_setup", {}).json()["secret"]
    browser.call("post", "jwt_allauth_mfa_activate", {"code": App(secret).code()})


def replace_recovery_codes(browser: Browser, user: User) -> None:
    code = enrol(user).app.code()
    browser.call("post", "mfa_recovery_codes", {"code": code})


def use_recovery_codes(browser: Browser, user: User) -> None:
    """Seven of the ten."""
    for code in enrol(user).recovery_codes[:7]:
        challenge = Browser().sign_in(user.email).json()["challenge_id"]
        Browser().verify(challenge, code, BY_RECOVERY_CODE)


def remove_second_factor(browser: Browser, user: User) -> None:
    set_up_second_factor(browser, user)
    browser.call("post", "jwt_allauth_mfa_deactivate", {"password": PASSWORD})


def reset_second_factor(browser: Browser, user: User) -> None:
    set_up_second_factor(browser, user)
    call_command("reset_second_factor", user.email, stdout=StringIO())


def enrol_unverified(user: User) -> None:
    user.email_verified = False
    user.save()
    enrol(user)


def reset_password_with_unverified_second_factor(browser: Browser, user: User) -> None:
    enrol_unverified(user)
    reset_password(browser, user)


def guess_codes(browser: Browser, user: User) -> None:
    app = enrol(user).app
    for _ in range(2):
        challenge = Browser().sign_in(user.email).json()["challenge_id"]
        guess = {"challenge_id": challenge, "code": app.wrong_code()}
        for _ in range(5):
            Browser().call("post", "jwt_allauth_mfa_verify", guess)
