"""The letters of accounts, each as the flow posts it and as the person reads it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from html import unescape
from io import StringIO

import pytest
from django.core.mail import EmailMultiAlternatives
from django.core.management import call_command
from django.test import Client, RequestFactory, override_settings

from accounts import emails
from accounts.models import User
from accounts.services.email_addresses import Adapter
from mail.messages import EMAILS
from mail.models import Mail
from tests.authenticator import App, enrol
from tests.client import Browser
from tests.mailbox import letters_to, link_in, link_to
from tests.people import PASSWORD, make_user

pytestmark = pytest.mark.django_db

NEW = "new@example.test"


def sign_up(browser: Browser, user: User) -> str:
    browser.sign_up(NEW)
    return NEW


def sign_up_again(browser: Browser, user: User) -> str:
    browser.sign_up(user.email)
    return str(user.email)


def request_reset(browser: Browser, user: User) -> str:
    browser.call("post", "rest_password_reset", {"email": user.email})
    return str(user.email)


def change_password(browser: Browser, user: User) -> str:
    new = "another good pass phrase"
    body = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    browser.call("post", "rest_password_change", body)
    return str(user.email)


def invite(browser: Browser, user: User) -> str:
    browser.call("post", "rest_user_register", {"email": NEW, "role": "USER"})
    return NEW


def ask_for_address(browser: Browser, user: User) -> str:
    browser.call("patch", "rest_user_details", {"email": NEW})
    return NEW


def tell_the_old_address(browser: Browser, user: User) -> str:
    ask_for_address(browser, user)
    return str(user.email)


def set_up_second_factor(browser: Browser, user: User) -> str:
    secret = browser.call("post", "jwt_allauth_mfa_setup", {}).json()["secret"]
    browser.call("post", "jwt_allauth_mfa_activate", {"code": App(secret).code()})
    return str(user.email)


def remove_second_factor(browser: Browser, user: User) -> str:
    set_up_second_factor(browser, user)
    browser.call("post", "jwt_allauth_mfa_deactivate", {"password": PASSWORD})
    return str(user.email)


def reset_second_factor(browser: Browser, user: User) -> str:
    set_up_second_factor(browser, user)
    call_command("reset_second_factor", user.email, stdout=StringIO())
    return str(user.email)


def reset_password_with_unproven_second_factor(browser: Browser, user: User) -> str:
    person = make_user(email_verified=False)
    enrol(person)
    request_reset(browser, person)
    owner = Browser()
    owner.get(link_to(person.email))
    owner.set_password("rest_password_reset_set_new", "another good pass phrase")
    return str(person.email)


def move_from_outside(browser: Browser, user: User) -> str:
    before, user.email = str(user.email), NEW
    user.save()
    return before


def withdraw_verification(browser: Browser, user: User) -> str:
    user.email_verified = False
    user.save()
    return str(user.email)


def guess_codes(browser: Browser, user: User) -> str:
    app = enrol(user).app
    for _ in range(2):
        challenge = browser.sign_in(user.email).json()["challenge_id"]
        guess = {"challenge_id": challenge, "code": app.wrong_code()}
        for _ in range(5):
            browser.call("post", "jwt_allauth_mfa_verify", guess)
    return str(user.email)


def sign_in_elsewhere(browser: Browser, user: User) -> str:
    Browser().sign_in(user.email)
    return str(user.email)


def replay(browser: Browser, user: User) -> str:
    stolen = browser.refresh_token
    browser.refresh()
    browser.refresh()
    browser.refresh_token = stolen
    browser.refresh()
    return str(user.email)


WAYS: dict[str, Callable[[Browser, User], str]] = {
    "verify_address": sign_up,
    "already_signed_up": sign_up_again,
    "password_reset": request_reset,
    "password_changed": change_password,
    "invitation": invite,
    "email_change": ask_for_address,
    "email_change_asked": tell_the_old_address,
    "address_changed": move_from_outside,
    "verification_withdrawn": withdraw_verification,
    "new_device": sign_in_elsewhere,
    "refresh_replayed": replay,
    "second_factor_on": set_up_second_factor,
    "second_factor_off": remove_second_factor,
    "second_factor_off_by_reset": reset_password_with_unproven_second_factor,
    "second_factor_reset": reset_second_factor,
    "second_factor_locked": guess_codes,
}
WITHOUT_LINK = {
    *("password_changed", "email_change_asked", "new_device", "refresh_replayed"),
    *("address_changed", "verification_withdrawn"),
    *("second_factor_on", "second_factor_off", "second_factor_reset", "second_factor_locked"),
    "second_factor_off_by_reset",
}
every_letter = pytest.mark.parametrize("kind", WAYS)
every_letter_with_a_link = pytest.mark.parametrize("kind", sorted(WAYS.keys() - WITHOUT_LINK))


@dataclass(frozen=True)
class Sent:
    letter: EmailMultiAlternatives
    html: str
    row: str
    """What the outbox keeps of it."""
    opened: int | None
    """The status that its link leads to."""


@cache
def sent(kind: str) -> Sent:
    """The letter of this kind, after its flow; one of each serves all tests.

    Whoever asks for it pretends to have asked another host.
    """
    admin = make_user(role=User.Role.ADMIN)
    browser = Browser()
    browser.sign_in(admin.email)
    browser.defaults |= {"HTTP_HOST": "localhost", "HTTP_X_FORWARDED_HOST": "evil.example"}
    with override_settings(
        PROJECT_NAME="Lamps & Co",
        JWT_ALLAUTH_INVITATIONS=True,
        JWT_ALLAUTH_MFA_TOTP_MODE="optional",
        NEW_DEVICE_EMAILS=True,
    ):
        letter = letters_to(WAYS[kind](browser, admin))[-1]
        assert isinstance(letter, EmailMultiAlternatives)
        row = Mail.objects.values().get(kind=kind)
        assert row["state"] == "sent"
        opened = None if kind in WITHOUT_LINK else Client().get(link_in(letter)).status_code
    [(html, content_type)] = letter.alternatives
    assert content_type == "text/html"
    return Sent(letter, str(html), str(row), opened)


def test_every_letter_is_tested_here() -> None:
    ours = {kind for kind, letter in EMAILS.items() if letter.__module__ == emails.__name__}

    assert ours == WAYS.keys()


@every_letter
def test_letter_says_whose_it_is_and_what_to_do_if_it_was_not_you(kind: str) -> None:
    letter = sent(kind).letter

    assert letter.subject.strip() == letter.subject != ""
    assert "Lamps & Co" in letter.body
    assert "If this was not you" in letter.body or "If you d" in letter.body


@every_letter
def test_letter_has_the_same_words_in_html(kind: str) -> None:
    letter, html = sent(kind).letter, sent(kind).html

    assert letter.body.splitlines()[0][:40] in unescape(html)
    assert "<script" not in html


@every_letter
def test_no_out_of_office_reply_comes_back(kind: str) -> None:
    assert sent(kind).letter.message()["Auto-Submitted"] == "auto-generated"


@every_letter_with_a_link
def test_link_is_the_same_in_text_and_html_and_works(kind: str) -> None:
    link = f"https://api.example.test{link_in(sent(kind).letter)}"

    assert f'href="{link}"' in sent(kind).html
    assert sent(kind).opened == 302


@every_letter_with_a_link
def test_links_begin_with_the_public_address_whatever_the_request_says(kind: str) -> None:
    letter = sent(kind).letter

    assert "https://api.example.test/" in letter.body
    assert "evil" not in letter.body
    assert "localhost" not in letter.body


@pytest.mark.parametrize("kind", sorted(WITHOUT_LINK))
def test_notice_has_no_link(kind: str) -> None:
    assert "https://" not in sent(kind).letter.body


@every_letter
def test_row_holds_no_link_and_no_digest_that_opens_one(kind: str) -> None:
    letter, row = sent(kind).letter, sent(kind).row

    assert "https://" not in row
    assert kind in WITHOUT_LINK or link_in(letter).split("/")[-2] not in row


def test_allauth_sends_nothing_by_itself(user: User, rf: RequestFactory) -> None:
    with pytest.raises(Exception, match="accounts/emails.py"):
        user.emailaddress_set.get().send_confirmation(rf.get("/"))

    with pytest.raises(Exception, match="accounts/emails.py"):
        Adapter().send_mail("account/email/password_reset_key", user.email, {})
