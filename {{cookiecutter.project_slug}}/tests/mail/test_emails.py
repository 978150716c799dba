"""The e-mails of accounts, each as its flow posts it and as its recipient reads it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from html import unescape

import pytest
from django.core.mail import EmailMultiAlternatives
from django.test import Client, RequestFactory, override_settings
from django.utils import timezone

from accounts import emails, tasks
from accounts.models import User
from accounts.services.email_addresses import Adapter
from mail.messages import EMAILS
from mail.models import Mail
from tests import acts
from tests.acts import NEW_ADDRESS
from tests.client import Browser
from tests.mailbox import emails_to, link_in
from tests.people import make_user

pytestmark = pytest.mark.django_db


def sign_up(browser: Browser, user: User) -> None:
    browser.sign_up(NEW_ADDRESS)


def sign_up_again(browser: Browser, user: User) -> None:
    browser.sign_up(user.email)


def invite(browser: Browser, user: User) -> None:
    User.objects.filter(pk=user.pk).update(role=User.Role.ADMIN)
    browser.sign_in(user.email)
    browser.call("post", "rest_user_register", {"email": NEW_ADDRESS, "role": "USER"})


def close(browser: Browser, user: User) -> None:
    browser.call("post", "user_close", {})


def wait_for_the_end(browser: Browser, user: User) -> None:
    browser.sign_up(NEW_ADDRESS)
    User.objects.filter(email=NEW_ADDRESS).update(purge_after=timezone.now())
    tasks.purge_unused_accounts()


def export(browser: Browser, user: User) -> None:
    browser.call("get", "user_export")


CAUSES: dict[str, Callable[[Browser, User], None]] = {
    "verify_address": sign_up,
    "sign_up_expiring": wait_for_the_end,
    "already_signed_up": sign_up_again,
    "password_reset": acts.request_reset,
    "password_changed": acts.change_password,
    "invitation": invite,
    "account_closing": close,
    "account_exported": export,
    "email_change": acts.request_address,
    "email_change_asked": acts.request_address,
    "address_changed": acts.change_address_by_script,
    "verification_withdrawn": acts.withdraw_verification,
    "new_device": acts.sign_in_elsewhere,
    "refresh_replayed": acts.replay,
    "second_factor_on": acts.set_up_second_factor,
    "second_factor_off": acts.remove_second_factor,
    "second_factor_off_by_reset": acts.reset_password_with_unverified_second_factor,
    "second_factor_reset": acts.reset_second_factor,
    "second_factor_locked": acts.guess_codes,
    "recovery_codes_replaced": acts.replace_recovery_codes,
    "password_leaked": acts.sign_in_with_leaked_password,
    "recovery_codes_low": acts.use_recovery_codes,
}
TO_NEW_ADDRESS = {"verify_address", "sign_up_expiring", "invitation", "email_change"}
WITH_LINK = TO_NEW_ADDRESS | {"already_signed_up", "password_reset", "account_closing"}
every_email = pytest.mark.parametrize("kind", CAUSES)
every_email_with_a_link = pytest.mark.parametrize("kind", sorted(WITH_LINK))


@dataclass(frozen=True)
class Sent:
    email: EmailMultiAlternatives
    html: str
    row: str
    """The row of the outbox as text."""
    opened: int | None
    """The status that the link answers."""


@cache
def sent(kind: str) -> Sent:
    """The e-mail of this kind, after its flow; one of each serves all tests.

    The browser that asks for it forges the host.
    """
    user = make_user()
    browser = Browser()
    browser.sign_in(user.email)
    browser.defaults |= {"HTTP_HOST": "localhost", "HTTP_X_FORWARDED_HOST": "evil.example"}
    recipient = NEW_ADDRESS if kind in TO_NEW_ADDRESS else str(user.email)
    with override_settings(
        PROJECT_NAME="Lamps & Co",
        JWT_ALLAUTH_INVITATIONS=True,
        JWT_ALLAUTH_MFA_TOTP_MODE="optional",
        NEW_DEVICE_EMAILS=True,
        ACCOUNT_URL="",
    ):
        CAUSES[kind](browser, user)
        email = emails_to(recipient)[-1]
        assert isinstance(email, EmailMultiAlternatives)
        row = Mail.objects.values().get(kind=kind)
        assert row["state"] == "sent"
        opened = Client().get(link_in(email)).status_code if kind in WITH_LINK else None
    [(html, content_type)] = email.alternatives
    assert content_type == "text/html"
    return Sent(email, str(html), str(row), opened)


def test_every_e_mail_is_tested_here() -> None:
    ours = {kind for kind, email in EMAILS.items() if email.__module__ == emails.__name__}

    assert ours == CAUSES.keys()


@every_email
def test_e_mail_names_the_site_and_the_next_step(kind: str) -> None:
    email = sent(kind).email

    assert email.subject.strip() == email.subject != ""
    assert "Lamps & Co" in email.body
    assert "If this was not you" in email.body or "If you d" in email.body


@every_email
def test_text_and_html_have_the_same_words(kind: str) -> None:
    email, html = sent(kind).email, sent(kind).html

    assert email.body.splitlines()[0][:40] in unescape(html)
    assert "<script" not in html


@every_email_with_a_link
def test_link_is_the_same_in_text_and_html_and_works(kind: str) -> None:
    link = f"https://api.example.test{link_in(sent(kind).email)}"

    assert f'href="{link}"' in sent(kind).html
    assert sent(kind).opened == (200 if kind == "account_closing" else 302)


@every_email_with_a_link
def test_link_has_the_public_url_and_not_the_host_of_the_request(kind: str) -> None:
    body = sent(kind).email.body

    assert "https://api.example.test/" in body
    assert "evil.example" not in body
    assert "localhost" not in body


@pytest.mark.parametrize("kind", sorted(CAUSES.keys() - WITH_LINK))
def test_notice_has_no_link(kind: str) -> None:
    assert "https://" not in sent(kind).email.body


@every_email
def test_row_holds_no_link_and_no_token_of_one(kind: str) -> None:
    email, row = sent(kind).email, sent(kind).row

    assert "https://" not in row
    assert kind not in WITH_LINK or link_in(email).split("/")[-2] not in row


def test_allauth_sends_no_e_mail(user: User, rf: RequestFactory) -> None:
    with pytest.raises(Exception, match="accounts/emails.py"):
        user.emailaddress_set.get().send_confirmation(rf.get("/"))

    with pytest.raises(Exception, match="accounts/emails.py"):
        Adapter().send_mail("account/email/password_reset_key", user.email, {})
