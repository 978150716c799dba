"""Django admin's sign-in is limited as the API's, and knows the devices it was done on."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.api.cookies import DEVICE_COOKIE
from accounts.models import User
from mail.models import Mail
from tests.authenticator import enrol
from tests.limits import Rates, stranger
from tests.people import PASSWORD

pytestmark = pytest.mark.django_db

WRONG = "not the password"


def log_in(client: Client, email: str, password: str = PASSWORD, **fields: str) -> Any:
    return client.post(reverse("admin:login"), {"username": email, "password": password, **fields})


def admin_browser(number: int = 1) -> Client:
    return Client(REMOTE_ADDR=f"198.51.100.{number}")


def says(response: Any) -> str:
    return str(response.context["form"].errors.get("__all__", ""))


def test_guesses_at_the_api_count_here_and_the_other_way_round(admin: User, rates: Rates) -> None:
    rates(login_account="3/hour")
    stranger(1).sign_in(admin.email, WRONG)
    log_in(admin_browser(2), admin.email.upper(), WRONG)
    stranger(3).sign_in(admin.email, WRONG)

    assert "Too many attempts. Try again in 60 min" in says(log_in(admin_browser(4), admin.email))
    assert stranger(5).sign_in(admin.email).status_code == 429


def test_guesses_from_one_address_are_counted(admin: User, rates: Rates) -> None:
    rates(login="2/min")
    for number in range(2):
        log_in(admin_browser(), f"nobody{number}@example.test", WRONG)

    assert "Too many attempts. Try again in 1 min," in says(log_in(admin_browser(), admin.email))
    assert log_in(admin_browser(2), admin.email).status_code == 302


def test_requests_to_the_api_from_one_address_count_here(admin: User, rates: Rates) -> None:
    rates(login="2/min")
    for number in range(2):
        stranger().sign_in(f"nobody{number}@example.test", WRONG)

    assert "Too many attempts" in says(log_in(admin_browser(), admin.email))


def test_owner_gets_in_on_a_known_device_while_strangers_guess(admin: User, rates: Rates) -> None:
    owner = admin_browser()
    cookie = log_in(owner, admin.email).cookies[DEVICE_COOKIE]
    rates(login_account="3/hour")
    for number in range(5):
        log_in(admin_browser(10 + number), admin.email, WRONG)

    assert log_in(owner, admin.email).status_code == 302
    assert log_in(admin_browser(9), admin.email).status_code == 200
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/admin/", True, "Lax")


def test_code_of_a_second_factor_that_is_wrong_leaves_no_device(admin: User, settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    app = enrol(admin).app

    assert DEVICE_COOKIE not in log_in(admin_browser(), admin.email, code=app.wrong_code()).cookies
    assert DEVICE_COOKIE in log_in(admin_browser(), admin.email, code=app.code()).cookies


def test_sign_in_on_a_new_device_is_told_to_its_owner(admin: User, settings: Any) -> None:
    settings.NEW_DEVICE_EMAILS = True
    owner = admin_browser()

    log_in(owner, admin.email)
    log_in(owner, admin.email)

    assert list(Mail.objects.values_list("kind", "recipient")) == [("new_device", admin.email)]


def test_own_password_is_not_guessed_at_where_it_is_changed(admin: User, rates: Rates) -> None:
    rates(password_check_account="2/hour")
    browser = admin_browser()
    log_in(browser, admin.email)

    def change(old: str) -> Any:
        new = dict.fromkeys(("new_password1", "new_password2"), "another good pass phrase")
        return browser.post(reverse("admin:password_change"), {"old_password": old, **new})

    answers = [change(WRONG), change(WRONG), change(PASSWORD)]

    errors = [str(answer.context["form"].errors["old_password"]) for answer in answers]
    assert ["password is incorrect" in error for error in errors] == [True, True, False]
    assert "Too many attempts" in errors[2]


def test_own_password_is_changed_with_the_old_one(admin: User) -> None:
    browser = admin_browser()
    log_in(browser, admin.email)
    new = dict.fromkeys(("new_password1", "new_password2"), "another good pass phrase")

    response = browser.post(reverse("admin:password_change"), {"old_password": PASSWORD, **new})

    assert response.status_code == 302
    assert stranger().sign_in(admin.email, "another good pass phrase").status_code == 200


FRONT_END = "https://app.example.test"


@pytest.mark.parametrize(
    ("origin", "is_taken"),
    [
        (FRONT_END, False),
        ("null", False),
        ("https://testserver", True),
        ("https://api.example.test", True),
        (None, True),
    ],
)
def test_front_end_acts_for_nobody_here(
    origin: str | None, is_taken: bool, admin: User, settings: Any
) -> None:
    settings.CORS_ALLOWED_ORIGINS = [FRONT_END]
    settings.CSRF_TRUSTED_ORIGINS = [FRONT_END]
    browser = admin_browser()
    log_in(browser, admin.email)
    headers = {"Origin": origin} if origin else {}

    page = browser.get(reverse("admin:index"), headers=headers, secure=True)
    answer = browser.post(reverse("admin:logout"), headers=headers, secure=True)

    assert "Access-Control-Allow-Origin" not in page
    assert (answer.status_code == 200) is is_taken
    assert answer.status_code in {200, 403}


@pytest.mark.parametrize("email", ["", "\x00", "x" * 400, "nobody@example.test"])
def test_nonsense_is_refused(email: str, db: None, rates: Rates) -> None:
    rates(login="10/min", login_account="10/hour")

    assert log_in(admin_browser(), email, WRONG).status_code == 200
