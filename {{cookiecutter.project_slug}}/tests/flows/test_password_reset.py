"""Password reset: back in by way of the mailbox."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.urls import reverse
from django.utils import timezone

from accounts.errors import TokenNotValid
from accounts.flows.password_reset import set_new_password
from accounts.link_cookies import PASSWORD_RESET_COOKIE
from accounts.models import Session, User
from accounts.services.client import Client
from accounts.services.links import signed_links
from accounts.services.links.signed_links import Purpose
from accounts.services.passwords import verification
from mail import outbox
from mail.models import Mail
from tests.authenticator import enrol
from tests.client import Browser
from tests.clock import later
from tests.mailbox import letters_to, link_to
from tests.people import PASSWORD, make_user
from tests.queries import statements

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
NEW = "another good pass phrase"
CHANGED = "Your password has been changed"
MOVED = "Your e-mail address has been changed"
FORM = reverse("default_password_reset")


def ask(email: str, browser: Browser | None = None) -> Any:
    return (browser or Browser()).call("post", "rest_password_reset", {"email": email})


def set_new(browser: Browser, password: str = NEW, **fields: Any) -> Any:
    return browser.set_password("rest_password_reset_set_new", password, **fields)


@pytest.fixture
def link(user: User) -> str:
    ask(user.email)
    return link_to(user.email)


@pytest.fixture
def opened(browser: Browser, link: str) -> Browser:
    """A browser that has opened the link."""
    browser.get(link)
    return browser


def test_from_the_mailbox_to_being_signed_in(browser: Browser, user: User, link: str) -> None:
    response = browser.get(link)
    assert (response.status_code, response["Location"]) == (302, FORM)
    assert browser.get(FORM).status_code == 200

    response = set_new(browser)

    assert (response.status_code, set(response.json())) == (200, {"access", "detail"})
    assert browser.call("get", "rest_user_details").json()["email"] == user.email
    assert browser.refresh().status_code == 200
    assert Browser().sign_in(user.email, NEW).status_code == 200
    assert Browser().sign_in(user.email, PASSWORD).status_code == 401


def test_reset_that_leads_to_a_challenge_ends_whoever_was_signed_in_at_the_browser(
    user: User, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    enrol(user)
    browser, other = Browser(), make_user()
    browser.sign_in(other.email)
    browser.access = ""
    browser.call("post", "rest_password_reset", {"email": user.email})
    browser.get(link_to(user.email))

    response = set_new(browser)

    assert "challenge_id" in response.json()
    assert not Session.objects.filter(user=other).exists()


def test_known_and_unknown_addresses_get_the_same_answer(user: User) -> None:
    known, unknown = ask(user.email), ask("nobody@example.test")

    assert known.status_code == unknown.status_code == 200
    assert known.content == unknown.content
    headers = [dict(answer.items()) for answer in (known, unknown)]
    assert headers[0].pop("X-Request-ID") != headers[1].pop("X-Request-ID")
    assert headers[0] == headers[1]
    assert not known.cookies
    assert not unknown.cookies


@pytest.mark.parametrize("known", [True, False])
def test_request_costs_two_queries_for_any_address(known: bool, user: User) -> None:
    with statements(2):
        ask(user.email if known else "nobody@example.test")


def test_address_is_taken_in_any_case(user: User) -> None:
    ask(user.email.upper())

    assert len(letters_to(user.email)) == 1


@pytest.mark.parametrize("email", ["no address", "", None, ["a@example.test"], "a@\x00.test"])
def test_what_is_no_address_is_refused(email: Any) -> None:
    response = ask(email)

    assert (response.status_code, set(response.json())) == (400, {"email"})
    assert not Mail.objects.exists()


@pytest.mark.parametrize("fields", [{"is_active": False}, {"password": None}])
def test_closed_account_and_one_without_a_password_get_no_letter(fields: dict[str, Any]) -> None:
    person = make_user(**fields)

    assert ask(person.email).status_code == 200
    assert ask("nobody@example.test").status_code == 200

    assert letters_to(person.email) == letters_to("nobody@example.test") == []
    assert set(Mail.objects.values_list("state", flat=True)) == {"obsolete"}


def test_stale_access_token_is_in_nobodys_way(user: User) -> None:
    browser = Browser()
    browser.access = "stale"

    assert ask(user.email, browser).status_code == 200


def test_link_hands_over_a_cookie_that_scripts_cannot_read(browser: Browser, link: str) -> None:
    response = browser.get(link)

    cookie = response.cookies["password_reset_access_token"]
    assert cookie["httponly"]
    assert cookie["secure"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/api/auth/password/reset/"
    assert cookie["max-age"] == 900
    assert "csrftoken" in response.cookies
    assert response["Cache-Control"] == "no-store"
    assert response["Referrer-Policy"] == "no-referrer"


def test_cookie_never_outlives_its_link(browser: Browser, link: str) -> None:
    with later(3_600 - 60):
        response = browser.get(link)
        assert 55 <= int(response.cookies["password_reset_access_token"]["max-age"]) <= 60
    with later(3_601):
        assert set_new(browser).status_code == 401


def test_cookie_lives_a_quarter_of_an_hour(opened: Browser) -> None:
    with later(901):
        assert set_new(opened).json()["code"] == "token_not_valid"


def test_link_lives_an_hour_from_the_request(browser: Browser, link: str) -> None:
    with later(3_590):
        assert browser.get(link).status_code == 302
    with later(3_601):
        assert browser.get(link).status_code == 400


def test_lifetime_of_the_link_is_a_setting(browser: Browser, user: User, settings: Any) -> None:
    settings.PASSWORD_RESET_TIMEOUT = 60
    ask(user.email)
    link = link_to(user.email)

    with later(61):
        assert browser.get(link).status_code == 400


def test_scanner_that_was_there_before_is_in_nobodys_way(browser: Browser, link: str) -> None:
    scanner = Browser()
    assert not scanner.head(link).cookies
    scanner.get(link)
    scanner.get(link)

    browser.get(link)

    assert set_new(browser).status_code == 200


def test_link_can_be_opened_again_until_the_password_is_set(browser: Browser, link: str) -> None:
    browser.get(link)
    assert browser.get(link).status_code == 302

    set_new(browser)

    response = browser.get(link)
    assert response.status_code == 400
    assert "no longer valid" in response.content.decode()


def test_signing_in_does_not_kill_the_link(browser: Browser, user: User, link: str) -> None:
    Browser().sign_in(user.email)

    assert browser.get(link).status_code == 302


@pytest.mark.parametrize("part", [5, 6])
def test_link_of_another_account_or_with_another_token_is_bad(
    part: int, browser: Browser, link: str
) -> None:
    other = make_user()
    ask(other.email)
    parts, others = link.split("/"), link_to(other.email).split("/")
    parts[part + 1] = others[part + 1]

    assert browser.get("/".join(parts)).status_code == 400


def test_front_end_is_led_to_and_told_of_a_bad_link(
    browser: Browser, link: str, settings: Any
) -> None:
    settings.PASSWORD_RESET_REDIRECT = "https://app.example.test/reset?lang=en"

    assert browser.get(link)["Location"] == "https://app.example.test/reset?lang=en"
    bad = browser.get(link[:-3] + "/")
    assert bad.status_code == 302
    assert bad["Location"] == "https://app.example.test/reset?lang=en&error=invalid_link"
    assert not bad.cookies
    settings.PASSWORD_RESET_REDIRECT = "https://app.example.test/#reset"
    bad = browser.get(link[:-3] + "/")
    assert bad["Location"] == "https://app.example.test/?error=invalid_link#reset"


@pytest.mark.parametrize("name", ["default_password_reset", "jwt_allauth_password_reset_complete"])
def test_built_in_pages_are_not_there_beside_a_front_end(
    name: str, browser: Browser, settings: Any
) -> None:
    settings.PASSWORD_RESET_REDIRECT = "https://app.example.test/reset"

    assert browser.get(reverse(name)).status_code == 404


def test_form_without_a_good_cookie_says_so(browser: Browser) -> None:
    response = browser.get(FORM)

    assert response.status_code == 400
    assert "no longer valid" in response.content.decode()


def test_form_may_run_no_inline_script_and_tells_its_referrer_at_home(opened: Browser) -> None:
    response = opened.get(FORM)

    assert "script-src 'self'" in response["Content-Security-Policy"]
    assert "unsafe" not in response["Content-Security-Policy"]
    assert response["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"new_password2": "something else entirely"}, "new_password2"),
        ({"new_password1": "12345678", "new_password2": "12345678"}, "new_password1"),
        ({"new_password1": "x" * 129}, "new_password1"),
        ({"new_password1": None}, "new_password1"),
    ],
)
def test_refused_password_is_named_and_does_not_spend_the_cookie(
    fields: dict[str, Any], named: str, opened: Browser
) -> None:
    response = set_new(opened, **fields)

    assert (response.status_code, set(response.json())) == (400, {named})
    assert set_new(opened).status_code == 200


def test_password_like_the_address_is_refused(opened: Browser, user: User) -> None:
    assert set(set_new(opened, user.email).json()) == {"new_password1"}


def test_cookie_works_once(opened: Browser) -> None:
    spent = opened.cookies[PASSWORD_RESET_COOKIE.name].value
    assert set_new(opened).status_code == 200
    assert opened.cookies[PASSWORD_RESET_COOKIE.name].value == "", "and is cleared"

    opened.cookies[PASSWORD_RESET_COOKIE.name] = spent

    response = set_new(opened, "a third good pass phrase")
    assert (response.status_code, response.json()["code"]) == (401, "token_not_valid")
    assert response["WWW-Authenticate"] == "Bearer"


def test_without_a_cookie_nothing_is_set(browser: Browser, opened: Browser) -> None:
    del opened.cookies[PASSWORD_RESET_COOKIE.name]

    assert set_new(opened).status_code == 401


def test_cookie_of_an_invitation_is_none_for_a_reset(opened: Browser) -> None:
    cookie = opened.cookies[PASSWORD_RESET_COOKIE.name].value
    opened.cookies[PASSWORD_RESET_COOKIE.name] = cookie.replace("password_reset", "invitation")

    assert set_new(opened).status_code == 401


def test_account_that_was_closed_meanwhile_sets_nothing(opened: Browser, user: User) -> None:
    User.objects.update(is_active=False)

    assert set_new(opened).status_code == 401


@pytest.mark.parametrize("token", [None, "", "wrong"])
def test_other_site_that_cannot_read_the_csrf_cookie_sets_nothing(
    token: str | None, opened: Browser, user: User
) -> None:
    headers = {} if token is None else {"X-CSRFToken": token}
    body = {"new_password1": NEW, "new_password2": NEW}

    response = opened.call("post", "rest_password_reset_set_new", body, headers=headers)

    assert (response.status_code, response.json()["code"]) == (403, "csrf_failed")
    assert Browser().sign_in(user.email, PASSWORD).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://testserver"}, 200),
        ({"Origin": "https://app.example.test"}, 200),
        ({"Referer": "https://app.example.test/reset"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Referer": "https://evil.example/"}, 403),
        ({}, 403),
    ],
)
def test_over_https_the_page_that_sends_it_has_to_be_a_trusted_one(
    headers: dict[str, str], status: int, opened: Browser, settings: Any
) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://app.example.test"]
    body = {"new_password1": NEW, "new_password2": NEW}
    csrf = {"X-CSRFToken": opened.cookies["csrftoken"].value}

    response = opened.call(
        "post", "rest_password_reset_set_new", body, headers=csrf | headers, secure=True
    )

    assert response.status_code == status


def test_cookie_is_plain_in_development_alone(browser: Browser, link: str, settings: Any) -> None:
    settings.DEBUG = True

    response = browser.get(link)

    assert not response.cookies["password_reset_access_token"]["secure"]


def test_foreign_origin_sets_nothing_even_with_the_token(opened: Browser) -> None:
    body = {"new_password1": NEW, "new_password2": NEW}
    headers = {
        "X-CSRFToken": opened.cookies["csrftoken"].value,
        "Origin": "https://evil.example",
    }

    response = opened.call("post", "rest_password_reset_set_new", body, headers=headers)

    assert response.status_code == 403


@pytest.mark.parametrize(
    "change", [{"email": "moved@example.test"}, {"password": "!other"}, {"is_active": False}]
)
def test_account_that_changed_while_the_form_was_checked_keeps_its_password(
    change: dict[str, Any], user: User
) -> None:
    now = timezone.now()
    token = signed_links.issue(Purpose.PASSWORD_RESET_COOKIE, user=user, expires_at=now + HOUR)
    read = signed_links.read(Purpose.PASSWORD_RESET_COOKIE, token, now=now)
    User.objects.update(**change)

    with pytest.raises(TokenNotValid):
        set_new_password(link=read, new_password=NEW, client=Client(None, ""), now=now)

    assert not User.objects.get().check_password(NEW)


def test_every_session_from_before_is_dead(opened: Browser, sign_in: Callable[[], Browser]) -> None:
    others = [sign_in(), sign_in()]

    set_new(opened)

    assert [other.refresh().status_code for other in others] == [401, 401]
    assert Session.objects.count() == 1


def test_every_other_link_and_cookie_from_before_is_dead(
    opened: Browser, user: User, link: str
) -> None:
    ask(user.email)
    other_link, other = link_to(user.email), Browser()
    other.get(other_link)

    set_new(opened)

    assert Browser().get(other_link).status_code == 400
    assert set_new(other, "a third good pass phrase").status_code == 401


def test_address_that_was_asked_for_is_forgotten(opened: Browser, signed_in: Browser) -> None:
    signed_in.call("patch", "rest_user_details", {"email": "eve@example.test"})
    stolen = link_to("eve@example.test")

    set_new(opened)

    assert Browser().get(stolen).status_code == 400
    assert "pending_email" not in opened.call("get", "rest_user_details").json()


def test_address_that_allauth_knows_besides_is_forgotten(opened: Browser, user: User) -> None:
    EmailAddress.objects.create(user=user, email="eve@example.test")

    set_new(opened)

    assert list(EmailAddress.objects.values_list("email", flat=True)) == [user.email]


def test_mailbox_that_was_shown_is_a_verified_one(browser: Browser) -> None:
    person = make_user(email_verified=False)
    ask(person.email)
    browser.get(link_to(person.email))

    set_new(browser)

    person.refresh_from_db()
    assert person.email_verified
    assert EmailAddress.objects.get(user=person).verified


@pytest.mark.parametrize("verified_afterwards", [False, True])
@pytest.mark.parametrize(("verified", "left"), [(False, 0), (True, 1)])
def test_second_factor_of_somebody_who_never_showed_the_mailbox_is_gone(
    verified: bool, left: int, verified_afterwards: bool, browser: Browser
) -> None:
    person = make_user(email_verified=verified)
    enrol(person)
    User.objects.filter(pk=person.pk).update(email_verified=verified_afterwards)
    ask(person.email)
    browser.get(link_to(person.email))

    set_new(browser)

    assert Authenticator.objects.filter(type="totp").count() == left
    assert User.objects.get(pk=person.pk).has_second_factor == bool(left)


@pytest.mark.parametrize(
    ("mode", "says"),
    [("optional", "password only"), ("required", "set it up again")],
)
def test_owner_is_told_that_the_new_password_removed_the_second_factor(
    mode: str, says: str, browser: Browser, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = mode
    person = make_user(email_verified=False)
    enrol(person)
    ask(person.email)
    browser.get(link_to(person.email))

    set_new(browser)

    told = {letter.subject: str(letter.body) for letter in letters_to(person.email)}
    assert says in told["Your password reset has turned off multi-factor authentication"]


@pytest.mark.parametrize(("verified", "asks"), [(True, True), (False, False)])
def test_form_says_to_sign_in_only_where_the_second_factor_stays(
    verified: bool, asks: bool, browser: Browser, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    person = make_user(email_verified=verified)
    enrol(person)
    User.objects.filter(pk=person.pk).update(email_verified=True)
    ask(person.email)
    browser.get(link_to(person.email))

    page = browser.get(reverse("default_password_reset"))

    assert page.context["signs_in"] is not asks


def test_second_factor_of_staff_outlives_a_reset_whatever_their_page_was_made_to_say(
    browser: Browser,
) -> None:
    staff = make_user(role="STAFF", email_verified=False)
    enrol(staff)
    ask(staff.email)
    browser.get(link_to(staff.email))

    set_new(browser)

    assert Authenticator.objects.filter(user=staff).count() == 2


def test_second_factor_that_comes_while_the_password_is_set_is_gone_too(
    browser: Browser, monkeypatch: Any, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    person = make_user(email_verified=False)
    ask(person.email)
    browser.get(link_to(person.email))
    replaces = verification.replace_password

    def meanwhile(**arguments: Any) -> bool:
        enrol(person)
        return replaces(**arguments)

    monkeypatch.setattr(verification, "replace_password", meanwhile)

    assert "access" in set_new(browser).json()
    assert not Authenticator.objects.exists()


def test_owner_is_told_by_a_letter(opened: Browser, user: User) -> None:
    set_new(opened)

    assert "has been changed" in letters_to(user.email)[-1].subject


def test_letter_that_comes_after_the_password_changed_is_not_sent(user: User) -> None:
    ask(user.email)
    user.set_password(NEW)
    user.save()

    assert [letter.subject for letter in letters_to(user.email)] == [CHANGED]


def test_letter_that_comes_after_the_account_moved_is_not_sent(user: User) -> None:
    before = user.email
    ask(before)
    user.email = "moved@example.test"
    user.save()
    make_user(email=before)

    assert [letter.subject for letter in letters_to(before)] == [MOVED]


def test_letter_that_comes_after_its_link_would_have_ended_is_not_sent(user: User) -> None:
    ask(user.email)

    with later(3_601):
        assert letters_to(user.email) == []


def test_dead_letter_that_is_sent_again_brings_no_link_to_a_changed_account(user: User) -> None:
    ask(user.email)
    mail = Mail.objects.get()
    Mail.objects.update(state="dead", attempts=8)
    user.set_password(NEW)
    user.save()

    assert outbox.send_again(mail)

    assert [letter.subject for letter in letters_to(user.email)] == [CHANGED]
    assert Mail.objects.get(pk=mail.pk).state == "obsolete"


def test_link_of_a_late_letter_ends_with_the_request(browser: Browser, user: User) -> None:
    ask(user.email)
    asked = timezone.now()
    with later(3_000):
        link = link_to(user.email)
        assert browser.get(link).status_code == 302

    with later((asked - timezone.now()).total_seconds() + 3_601):
        assert browser.get(link).status_code == 400


@pytest.mark.parametrize("as_cookie", [True, False])
def test_pages_say_that_the_browser_is_signed_in_where_it_is(
    as_cookie: bool, opened: Browser, settings: Any
) -> None:
    settings.JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE = as_cookie
    form = opened.get(FORM).content.decode()
    set_new(opened)

    page = opened.get(reverse("jwt_allauth_password_reset_complete"))

    assert page.status_code == 200
    for shown in (form, page.content.decode()):
        assert ("You are now signed in" in shown) is as_cookie


def test_opening_the_link_costs_one_query(browser: Browser, link: str) -> None:
    with statements(1):
        browser.get(link)


def test_form_costs_one_query_and_the_page_afterwards_none(opened: Browser) -> None:
    with statements(1):
        opened.get(FORM)
    with statements(0):
        opened.get(reverse("jwt_allauth_password_reset_complete"))


def test_setting_the_password_costs_twelve_queries(opened: Browser) -> None:
    with statements(12):
        set_new(opened)
