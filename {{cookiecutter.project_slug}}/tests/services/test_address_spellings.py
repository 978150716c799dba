"""An address with an internationalised domain has one spelling: its ASCII form."""

import pytest
from allauth.account.models import EmailAddress

from accounts.models import User
from mail.models import Mail
from tests.client import Browser
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

    browser.request_reset(spelling)
    browser.get(link_to(ASCII))
    assert browser.set_new().status_code == 200
