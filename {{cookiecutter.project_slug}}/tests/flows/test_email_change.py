"""Another address for an account: it takes effect once the link sent to it has been opened."""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress

from accounts import emails
from accounts.models import Session, User
from mail import outbox
from mail.models import Mail
from tests.client import Browser
from tests.clock import later
from tests.mailbox import letters_to, link_in, link_to
from tests.people import PASSWORD, make_user
from tests.queries import statements

pytestmark = pytest.mark.django_db

NEW = "new@example.test"
DAY = 86_400


def ask(browser: Browser, email: str = NEW, **fields: Any) -> Any:
    return browser.call("patch", "rest_user_details", {"email": email} | fields)


@pytest.fixture
def link(signed_in: Browser) -> str:
    ask(signed_in)
    return link_to(NEW)


def test_answer_shows_the_old_address_and_the_pending_one(signed_in: Browser, user: User) -> None:
    response = ask(signed_in, "New@Example.Test", first_name="Grace")

    assert response.status_code == 200
    assert response.json() == {
        "email": user.email,
        "first_name": "Grace",
        "last_name": "O'Brien",
        "language": "en",
        "pending_email": NEW,
    }
    assert signed_in.call("get", "rest_user_details").json() == response.json()


def test_link_moves_the_account(browser: Browser, user: User, link: str) -> None:
    assert browser.get(link).status_code == 302

    assert Browser().sign_in(NEW).status_code == 200
    assert Browser().sign_in(user.email).status_code == 401
    user.refresh_from_db()
    assert (user.email, user.email_verified, user.pending_email) == (NEW, True, "")
    assert list(EmailAddress.objects.values_list("email", "verified")) == [(NEW, True)]


def test_nothing_changes_before_the_link_is_opened(user: User, link: str) -> None:
    assert Browser().sign_in(user.email).status_code == 200
    assert Browser().sign_in(NEW).status_code == 401


def test_link_ends_the_other_sessions_and_keeps_the_one_that_asked(
    browser: Browser, signed_in: Browser, sign_in: Callable[[], Browser], link: str
) -> None:
    other = sign_in()

    browser.get(link)

    assert other.refresh().status_code == 401
    assert signed_in.refresh().status_code == 200
    assert signed_in.call("get", "rest_user_details").json()["email"] == NEW


def test_scanner_that_was_there_before_is_in_nobodys_way(browser: Browser, link: str) -> None:
    scanner = Browser()
    scanner.head(link)
    assert User.objects.get().email != NEW, "HEAD changes nothing"
    scanner.get(link)
    scanner.get(link)

    assert browser.get(link).status_code == 302


def test_opening_the_link_again_ends_no_session(browser: Browser, link: str) -> None:
    browser.get(link)
    later_device = Browser()
    later_device.sign_in(NEW)

    browser.get(link)

    assert later_device.refresh().status_code == 200


def test_button_comes_first_where_scanners_open_links(
    browser: Browser, link: str, settings: Any
) -> None:
    settings.JWT_ALLAUTH_CONFIRM_EMAIL_ON_GET = False

    page = browser.get(link)

    assert NEW in page.content.decode()
    assert User.objects.get().email != NEW
    browser.post(link)
    assert User.objects.get().email == NEW


def test_old_address_is_told_at_once(signed_in: Browser, user: User) -> None:
    ask(signed_in)

    [letter] = letters_to(user.email)
    assert NEW in letter.body
    assert "change your password now" in letter.body
    assert "https://" not in letter.body


def test_taken_address_gets_the_same_answer(signed_in: Browser) -> None:
    other = make_user()

    free, taken = ask(signed_in), ask(signed_in, other.email)

    assert free.status_code == taken.status_code == 200
    assert free.json() | {"pending_email": ""} == taken.json() | {"pending_email": ""}
    assert taken.json()["pending_email"] == other.email


def test_owner_of_a_taken_address_is_told_without_a_link(signed_in: Browser) -> None:
    other = make_user()

    ask(signed_in, other.email)

    [letter] = letters_to(other.email)
    assert "entered your e-mail address" in letter.subject
    assert "https://" not in letter.body


def test_address_that_was_taken_meanwhile_is_a_bad_link(browser: Browser, link: str) -> None:
    make_user(email=NEW)

    response = browser.get(link)

    assert response.status_code == 400
    assert "no longer valid" in response.content.decode()
    assert User.objects.filter(email=NEW).count() == 1
    assert Session.objects.count() == 1, "and ends no session"


@pytest.mark.parametrize("seconds", [901, 3_600])
def test_session_of_long_ago_has_to_sign_in_again(
    seconds: int, signed_in: Browser, user: User
) -> None:
    with later(seconds):
        signed_in.refresh()
        response = ask(signed_in, first_name="Grace")

    assert (response.status_code, response.json()["code"]) == (401, "reauthentication_required")
    user.refresh_from_db()
    assert (user.first_name, user.pending_email) == ("Ada", "")
    assert not Mail.objects.exists()


def test_names_and_the_own_address_can_be_sent_at_any_time(signed_in: Browser, user: User) -> None:
    with later(901):
        signed_in.refresh()
        assert ask(signed_in, user.email, first_name="Grace").status_code == 200


def test_later_wish_replaces_an_earlier_one(browser: Browser, signed_in: Browser) -> None:
    ask(signed_in)
    first = link_to(NEW)
    ask(signed_in, "newer@example.test")

    assert browser.get(first).status_code == 400
    assert browser.get(link_to("newer@example.test")).status_code == 302


def test_letter_to_an_address_that_is_not_wanted_any_more_is_not_sent(signed_in: Browser) -> None:
    ask(signed_in)
    ask(signed_in, "newer@example.test")

    assert letters_to(NEW) == []


def test_pending_address_is_forgotten_after_three_days(
    browser: Browser, signed_in: Browser, link: str
) -> None:
    with later(3 * DAY + 1):
        signed_in.refresh()
        assert "pending_email" not in signed_in.call("get", "rest_user_details").json()
        assert browser.get(link).status_code == 400


def test_password_change_ends_it(browser: Browser, signed_in: Browser, link: str) -> None:
    new = "another good pass phrase"
    body = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    signed_in.access = signed_in.call("post", "rest_password_change", body).json()["access"]

    assert browser.get(link).status_code == 400
    assert "pending_email" not in signed_in.call("get", "rest_user_details").json()


def test_signing_out_everywhere_ends_it(browser: Browser, signed_in: Browser, link: str) -> None:
    signed_in.call("post", "rest_logout_all", {})

    assert browser.get(link).status_code == 400
    assert User.objects.get().pending_email == ""


def test_owner_of_a_closed_account_is_not_told(signed_in: Browser) -> None:
    other = make_user(is_active=False)

    ask(signed_in, other.email)

    assert letters_to(other.email) == []


def test_account_does_not_move_without_the_end_of_the_other_sessions(
    signed_in: Browser, user: User, link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(**_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("accounts.services.sessions.store.revoke_others", fails)

    assert Browser(raise_request_exception=False).get(link).status_code == 500

    assert User.objects.get().email == user.email


def test_no_address_is_pending_without_a_warning_to_the_old_one(
    signed_in: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = outbox.post

    def fails_for_the_warning(letter: Any, **options: Any) -> None:
        if letter is emails.email_change_asked:
            raise RuntimeError
        post(letter, **options)

    monkeypatch.setattr("mail.outbox.post", fails_for_the_warning)
    signed_in.raise_request_exception = False

    assert ask(signed_in).status_code == 500

    assert User.objects.get().pending_email == ""
    assert not Mail.objects.exists()


def test_admin_who_corrects_the_address_ends_it(browser: Browser, user: User, link: str) -> None:
    user.refresh_from_db()
    user.email = "corrected@example.test"
    user.save()

    assert browser.get(link).status_code == 400
    user.refresh_from_db()
    assert (user.email, user.pending_email) == ("corrected@example.test", "")


def test_it_works_without_verification_too(browser: Browser, link: str, settings: Any) -> None:
    settings.EMAIL_VERIFICATION = "none"

    response = browser.get(link)

    assert response.status_code == 200
    assert User.objects.get().email == NEW


@pytest.mark.parametrize("email", ["no address", "", None, f"{'x' * 250}@example.test"])
def test_what_is_no_address_is_refused(email: Any, signed_in: Browser) -> None:
    response = ask(signed_in, email)

    assert (response.status_code, set(response.json())) == (400, {"email"})


def test_link_in_the_letter_is_the_only_one(signed_in: Browser, user: User) -> None:
    ask(signed_in)

    assert link_in(letters_to(NEW)[0]).startswith("/api/auth/registration/verification/")


def test_asking_costs_six_queries(signed_in: Browser) -> None:
    with statements(6):
        ask(signed_in)


def test_moving_costs_eight_queries(browser: Browser, link: str) -> None:
    with statements(8):
        browser.get(link)
