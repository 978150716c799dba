"""An address with an internationalised domain has one spelling: its ASCII form."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress

from accounts.models import User
from mail.models import Mail
from tests.client import Browser
from tests.limits import Rates, stranger
from tests.mailbox import link_to
from tests.people import make_user

pytestmark = pytest.mark.django_db

UNICODE, ASCII = "ada@bücher.example", "ada@xn--bcher-kva.example"
every_spelling = pytest.mark.parametrize("spelling", [UNICODE, ASCII, "Ada@BÜCHER.Example"])


@pytest.fixture
def ada() -> User:
    return make_user(email=UNICODE)


@every_spelling
@pytest.mark.parametrize("first", [UNICODE, ASCII])
def test_two_spellings_are_one_account(first: str, spelling: str, browser: Browser) -> None:
    browser.sign_up(first)
    browser.sign_up(spelling)

    assert User.objects.get().email == EmailAddress.objects.get().email == ASCII
    kinds = set(Mail.objects.values_list("kind", flat=True))
    assert kinds == {"verify_address", "already_signed_up"}


@every_spelling
def test_any_spelling_signs_in_and_resets(spelling: str, ada: User, browser: Browser) -> None:
    assert browser.sign_in(spelling).status_code == 200

    browser.call("post", "rest_password_reset", {"email": spelling})
    browser.get(link_to(ASCII))

    new = "another good pass phrase"
    assert browser.set_password("rest_password_reset_set_new", new).status_code == 200


@every_spelling
def test_own_address_in_another_spelling_is_no_change(
    spelling: str, ada: User, browser: Browser
) -> None:
    browser.sign_in(ASCII)

    answer = browser.call("patch", "rest_user_details", {"email": spelling})

    assert (answer.status_code, answer.json().get("pending_email")) == (200, None)


@every_spelling
def test_invitation_and_change_of_an_address_store_the_ascii_form(
    spelling: str, settings: Any
) -> None:
    settings.JWT_ALLAUTH_INVITATIONS = True
    admin = Browser()
    admin.sign_in(make_user(role=User.Role.ADMIN).email)

    admin.call("post", "rest_user_register", {"email": spelling, "role": "USER"})
    changed = admin.call("patch", "rest_user_details", {"email": "eve@bücher.example"})

    assert User.objects.filter(email=ASCII, invited_at__isnull=False).exists()
    assert changed.json()["pending_email"] == "eve@xn--bcher-kva.example"


def test_limits_count_all_spellings_as_one(rates: Rates) -> None:
    rates(password_reset_account="2/hour", login_account="2/hour")

    def ask(address: str) -> int:
        answer = stranger().call("post", "rest_password_reset", {"email": address})
        return int(answer.status_code)

    assert [ask(UNICODE), ask(ASCII), ask(UNICODE), ask(ASCII)] == [200, 200, 429, 429]
    guesses = [stranger().sign_in(address, "wrong") for address in (UNICODE, ASCII, UNICODE)]
    assert [guess.status_code for guess in guesses] == [401, 401, 429]


@pytest.mark.parametrize("name", ["rest_login", "rest_register", "rest_password_reset"])
def test_address_that_no_e_mail_can_be_sent_to_is_refused(name: str, browser: Browser) -> None:
    response = browser.call("post", name, {"email": "ada@☕.example"})

    assert response.status_code == 400
    assert "email" in response.json()
