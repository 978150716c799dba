"""Django admin's sign-in has the limits of the API's, and recognises devices."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.api.cookies import DEVICE_COOKIE
from accounts.models import User
from mail.models import Mail
from tests.admin.steps import log_in
from tests.authenticator import Held
from tests.limits import Rates, stranger
from tests.people import PASSWORD

pytestmark = pytest.mark.django_db

WRONG = "not the password"


def admin_browser(number: int = 1) -> Client:
    return Client(REMOTE_ADDR=f"198.51.100.{number}")


def message_of(response: Any) -> str:
    return str(response.context["form"].errors.get("__all__", ""))


def test_guesses_at_the_api_and_here_are_counted_together(admin: User, rates: Rates) -> None:
    rates(login_account="3/hour")
    stranger(1).sign_in(admin.email, WRONG)
    log_in(admin_browser(2), admin.email.upper(), WRONG)
    stranger(3).sign_in(admin.email, WRONG)

    assert "Too many attempts. Try again in 60 min" in message_of(
        log_in(admin_browser(4), admin.email)
    )
    assert stranger(5).sign_in(admin.email).status_code == 429


def guess_here(email: str) -> None:
    log_in(admin_browser(), email, WRONG)


def guess_at_the_api(email: str) -> None:
    stranger().sign_in(email, WRONG)


@pytest.mark.parametrize("guess", [guess_here, guess_at_the_api])
def test_guesses_from_one_address_are_counted(
    guess: Callable[[str], None], admin: User, rates: Rates
) -> None:
    rates(login="2/min")
    for number in range(2):
        guess(f"nobody{number}@example.test")

    refused = log_in(admin_browser(), admin.email)

    assert "Too many attempts. Try again in 1 min," in message_of(refused)
    assert log_in(admin_browser(2), admin.email).status_code == 302


def test_owner_signs_in_on_a_recognised_device_despite_guesses(admin: User, rates: Rates) -> None:
    owner = admin_browser()
    cookie = log_in(owner, admin.email).cookies[DEVICE_COOKIE]
    rates(login_account="3/hour")
    for number in range(5):
        log_in(admin_browser(10 + number), admin.email, WRONG)

    assert log_in(owner, admin.email).status_code == 302
    assert log_in(admin_browser(9), admin.email).status_code == 200
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/admin/", True, "Lax")


@pytest.mark.usefixtures("optional_mfa")
def test_wrong_code_leaves_no_device(admin: User, held: Held) -> None:
    app = held.app

    assert DEVICE_COOKIE not in log_in(admin_browser(), admin.email, code=app.wrong_code()).cookies
    assert DEVICE_COOKIE in log_in(admin_browser(), admin.email, code=app.code()).cookies


def test_sign_in_on_a_new_device_is_told_to_its_owner(admin: User, settings: Any) -> None:
    settings.NEW_DEVICE_EMAILS = True
    owner = admin_browser()

    log_in(owner, admin.email)
    log_in(owner, admin.email)

    assert list(Mail.objects.values_list("kind", "recipient")) == [("new_device", admin.email)]


def change_password(browser: Client, old: str) -> Any:
    new = dict.fromkeys(("new_password1", "new_password2"), "another good pass phrase")
    return browser.post(reverse("admin:password_change"), {"old_password": old, **new})


def test_guesses_at_the_old_password_are_limited(admin: User, rates: Rates) -> None:
    rates(password_check_account="2/hour")
    browser = admin_browser()
    log_in(browser, admin.email)

    answers = [change_password(browser, old) for old in (WRONG, WRONG, PASSWORD)]

    errors = [str(answer.context["form"].errors["old_password"]) for answer in answers]
    assert ["password is incorrect" in error for error in errors] == [True, True, False]
    assert "Too many attempts" in errors[2]


def test_own_password_is_changed_with_the_old_one(admin: User) -> None:
    browser = admin_browser()
    log_in(browser, admin.email)

    assert change_password(browser, PASSWORD).status_code == 302

    assert stranger().sign_in(admin.email, "another good pass phrase").status_code == 200


FRONT_END = "https://app.example.test"


@pytest.mark.parametrize(
    ("origin", "is_accepted"),
    [
        (FRONT_END, False),
        ("null", False),
        ("https://testserver", True),
        ("https://api.example.test", True),
        (None, True),
    ],
)
def test_request_of_the_front_end_is_refused(
    origin: str | None, is_accepted: bool, admin: User, settings: Any
) -> None:
    settings.CORS_ALLOWED_ORIGINS = [FRONT_END]
    settings.CSRF_TRUSTED_ORIGINS = [FRONT_END]
    browser = admin_browser()
    log_in(browser, admin.email)
    headers = {"Origin": origin} if origin else {}

    page = browser.get(reverse("admin:index"), headers=headers, secure=True)
    answer = browser.post(reverse("admin:logout"), headers=headers, secure=True)

    assert "Access-Control-Allow-Origin" not in page
    assert (answer.status_code == 200) is is_accepted
    assert answer.status_code in {200, 403}


@pytest.mark.parametrize("email", ["", "\x00", "x" * 400, "nobody@example.test"])
def test_nonsense_is_refused(email: str, db: None, rates: Rates) -> None:
    rates(login="10/min", login_account="10/hour")

    assert log_in(admin_browser(), email, WRONG).status_code == 200
