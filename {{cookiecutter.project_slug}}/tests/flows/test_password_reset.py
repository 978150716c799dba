"""Password reset: a link sent to the mailbox leads to a new password."""

from datetime import timedelta
from functools import partial
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
from accounts.services.passwords import replacement
from mail.models import Mail
from tests.authenticator import enrol
from tests.client import Browser
from tests.clock import later
from tests.flows.steps import meanwhile, signed_in_as
from tests.mailbox import emails_to, link_to
from tests.people import NEW_PASSWORD, PASSWORD, make_user, save
from tests.queries import statements

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
CHANGED = "Your password has been changed"
MOVED = "Your e-mail address has been changed"
REMOVED = "Your password reset has turned off multi-factor authentication"
FORM = reverse("default_password_reset")
COMPLETE = reverse("jwt_allauth_password_reset_complete")
FRONT_END = "https://app.example.test/reset"


@pytest.fixture
def link(user: User) -> str:
    Browser().request_reset(user.email)
    return link_to(user.email)


@pytest.fixture
def opened(browser: Browser, link: str) -> Browser:
    """A browser that has opened the link."""
    browser.get(link)
    return browser


def test_from_the_mailbox_to_being_signed_in(browser: Browser, user: User, link: str) -> None:
    response = browser.get(link)
    assert (response.status_code, response["Location"]) == (302, FORM)
    form = browser.get(FORM)
    assert (form.status_code, form["Referrer-Policy"]) == (200, "same-origin")

    response = browser.set_new()

    assert (response.status_code, response.json().keys()) == (200, {"access", "detail"})
    assert browser.call("get", "rest_user_details").json()["email"] == user.email
    assert browser.refresh().status_code == 200
    assert Browser().sign_in(user.email, NEW_PASSWORD).status_code == 200
    assert Browser().sign_in(user.email, PASSWORD).status_code == 401
    assert emails_to(user.email)[-1].subject == CHANGED


# The request


def test_known_and_unknown_addresses_get_the_same_answer(user: User) -> None:
    answers = []
    for address in (user.email, "nobody@example.test"):
        with statements(2):
            answers.append(Browser().request_reset(address))

    known, unknown = answers
    assert known.status_code == unknown.status_code == 200
    assert known.content == unknown.content
    headers = [dict(answer.items()) for answer in answers]
    assert headers[0].pop("X-Request-ID") != headers[1].pop("X-Request-ID")
    assert headers[0] == headers[1]
    assert not known.cookies
    assert not unknown.cookies


@pytest.mark.parametrize("email", ["no address", "", None, ["a@example.test"], "a@\x00.test"])
def test_malformed_address_is_refused(email: Any) -> None:
    response = Browser().request_reset(email)

    assert (response.status_code, response.json()["codes"].keys()) == (400, {"email"})
    assert not Mail.objects.exists()


@pytest.mark.parametrize("fields", [{"is_active": False}, {"password": None}])
def test_closed_account_and_one_without_a_password_get_no_email(fields: dict[str, Any]) -> None:
    for address in (make_user(**fields).email, "nobody@example.test"):
        assert Browser().request_reset(address).status_code == 200
        assert emails_to(address) == []

    assert set(Mail.objects.values_list("state", flat=True)) == {"obsolete"}


# The e-mail


def test_email_that_comes_after_the_account_moved_is_not_sent(user: User) -> None:
    Browser().request_reset(user.email)
    save(user, email="moved@example.test")
    make_user(email=user.email)

    assert [email.subject for email in emails_to(user.email)] == [MOVED]


def test_email_that_comes_after_its_link_has_ended_is_not_sent(user: User) -> None:
    Browser().request_reset(user.email)

    with later(3_601):
        assert emails_to(user.email) == []


# The link


def test_cookie_never_outlives_its_link(browser: Browser, link: str) -> None:
    with later(3_600 - 60):
        cookie = browser.get(link).cookies[PASSWORD_RESET_COOKIE.name]
        assert 55 <= int(cookie["max-age"]) <= 60
    with later(3_601):
        assert browser.set_new().status_code == 401


def test_lifetime_of_the_link_is_a_setting(browser: Browser, user: User, settings: Any) -> None:
    settings.PASSWORD_RESET_TIMEOUT = 60
    Browser().request_reset(user.email)
    link = link_to(user.email)

    with later(61):
        assert browser.get(link).status_code == 400


def test_lifetime_counts_from_the_request(browser: Browser, user: User) -> None:
    Browser().request_reset(user.email)
    requested = timezone.now()
    with later(3_000):
        link = link_to(user.email)
        assert browser.get(link).status_code == 302

    with later((requested - timezone.now()).total_seconds() + 3_601):
        assert browser.get(link).status_code == 400


def test_signing_in_does_not_end_the_link(browser: Browser, user: User, link: str) -> None:
    signed_in_as(user)

    assert browser.get(link).status_code == 302


@pytest.mark.parametrize("part", [6, 7], ids=["account", "token"])
def test_link_with_the_part_of_another_is_refused(part: int, browser: Browser, link: str) -> None:
    other = make_user()
    Browser().request_reset(other.email)
    parts, others = link.split("/"), link_to(other.email).split("/")
    parts[part] = others[part]

    assert browser.get("/".join(parts)).status_code == 400


@pytest.mark.parametrize(
    ("redirect", "refused"),
    [
        (f"{FRONT_END}?lang=en", f"{FRONT_END}?lang=en&error=invalid_link"),
        ("https://app.example.test/#reset", "https://app.example.test/?error=invalid_link#reset"),
    ],
)
def test_bad_link_redirects_to_the_front_end_with_an_error(
    redirect: str, refused: str, browser: Browser, link: str, settings: Any
) -> None:
    settings.PASSWORD_RESET_REDIRECT = redirect

    response = browser.get(link[:-3] + "/")

    assert (response.status_code, response["Location"]) == (302, refused)
    assert not response.cookies


# The pages


def test_last_page_does_not_exist_beside_a_front_end(browser: Browser, settings: Any) -> None:
    settings.PASSWORD_RESET_REDIRECT = FRONT_END

    assert browser.get(COMPLETE).status_code == 404


@pytest.mark.parametrize("as_cookie", [True, False])
def test_pages_say_who_is_signed_in(as_cookie: bool, opened: Browser, settings: Any) -> None:
    settings.JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE = as_cookie
    form = opened.get(FORM)
    opened.set_new()

    for page in (form, opened.get(COMPLETE)):
        assert page.status_code == 200
        assert ("You are now signed in" in page.content.decode()) is as_cookie


# The new password


def test_password_like_the_address_is_refused(opened: Browser, user: User) -> None:
    assert opened.set_new(user.email).json()["codes"].keys() == {"new_password1"}


def take_it_for_an_invitation(browser: Browser) -> None:
    cookie = browser.cookies[PASSWORD_RESET_COOKIE.name].value
    changed = cookie.replace("password_reset", "invitation")
    browser.cookies[PASSWORD_RESET_COOKIE.name] = changed


def close_the_account(_: Browser) -> None:
    User.objects.update(is_active=False)


@pytest.mark.parametrize("happens", [take_it_for_an_invitation, close_the_account])
def test_without_a_valid_cookie_nothing_is_set(happens: Any, opened: Browser) -> None:
    happens(opened)

    assert opened.set_new().status_code == 401


def set_new_with(browser: Browser, headers: dict[str, str], **options: Any) -> Any:
    body = {"new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    name = "rest_password_reset_set_new"
    return browser.call("post", name, body, headers=headers, **options)


@pytest.mark.parametrize(
    ("is_secure", "headers", "status"),
    [
        (True, {"Origin": "https://testserver"}, 200),
        (True, {"Origin": "https://app.example.test"}, 200),
        (True, {"Referer": "https://app.example.test/reset"}, 200),
        (True, {"Origin": "https://evil.example"}, 403),
        (True, {"Referer": "https://evil.example/"}, 403),
        (True, {}, 403),
        (False, {"Origin": "https://evil.example"}, 403),
    ],
)
def test_password_is_set_from_a_trusted_page_only(
    is_secure: bool, headers: dict[str, str], status: int, opened: Browser, settings: Any
) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://app.example.test"]
    headers = {"X-CSRFToken": opened.cookies["csrftoken"].value} | headers

    assert set_new_with(opened, headers, secure=is_secure).status_code == status


@pytest.mark.parametrize(
    "change", [{"email": "moved@example.test"}, {"password": "!other"}, {"is_active": False}]
)
def test_account_that_changed_keeps_its_password(change: dict[str, Any], user: User) -> None:
    now = timezone.now()
    token = signed_links.issue(Purpose.PASSWORD_RESET_COOKIE, user=user, expires_at=now + HOUR)
    link = signed_links.read(Purpose.PASSWORD_RESET_COOKIE, token, now=now)
    User.objects.update(**change)

    with pytest.raises(TokenNotValid):
        set_new_password(link=link, new_password=NEW_PASSWORD, client=Client(None, ""), now=now)

    assert not User.objects.get().check_password(NEW_PASSWORD)


# What a reset revokes


def test_challenge_ends_another_users_session_in_this_browser(user: User, settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    enrol(user)
    other = make_user()
    browser = signed_in_as(other)
    browser.access = ""

    response = browser.reset_password(user.email)

    assert "challenge_id" in response.json()
    assert not Session.objects.filter(user=other).exists()


def test_every_other_link_and_cookie_ends(opened: Browser, user: User) -> None:
    other = Browser().open_reset(user.email)
    other_link = link_to(user.email)

    opened.set_new()

    assert Browser().get(other_link).status_code == 400
    assert other.set_new("a third good pass phrase").status_code == 401


def test_other_addresses_of_the_account_are_removed(opened: Browser, user: User) -> None:
    EmailAddress.objects.create(user=user, email="eve@example.test")

    opened.set_new()

    assert list(EmailAddress.objects.values_list("email", flat=True)) == [user.email]


def test_address_becomes_a_verified_one(db: None) -> None:
    user = make_user(email_verified=False)

    Browser().reset_password(user.email)

    user.refresh_from_db()
    assert user.email_verified
    assert EmailAddress.objects.get(user=user).verified


# The second factor


def enrolled(**fields: Any) -> User:
    user = make_user(**fields)
    enrol(user)
    return user


@pytest.mark.parametrize("verified_afterwards", [False, True])
@pytest.mark.parametrize("verified", [False, True])
def test_second_factor_from_before_the_verification_is_removed(
    verified: bool, verified_afterwards: bool, browser: Browser, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    user = enrolled(email_verified=verified)
    User.objects.update(email_verified=verified_afterwards)

    browser.open_reset(user.email)
    assert browser.get(FORM).context["signs_in"] is not verified
    browser.set_new()

    assert Authenticator.objects.filter(type="totp").count() == verified
    assert User.objects.get(pk=user.pk).has_second_factor == verified


@pytest.mark.parametrize(
    ("mode", "says"), [("optional", "password only"), ("required", "set it up again")]
)
def test_owner_is_told_of_the_removed_factor(mode: str, says: str, settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = mode
    user = enrolled(email_verified=False)

    Browser().reset_password(user.email)

    told = {email.subject: str(email.body) for email in emails_to(user.email)}
    assert says in told[REMOVED]


def test_second_factor_of_unverified_staff_is_kept(db: None) -> None:
    staff = enrolled(role="STAFF", email_verified=False)

    Browser().reset_password(staff.email)

    assert Authenticator.objects.filter(user=staff).count() == 2


def test_second_factor_that_comes_while_the_password_is_set_is_removed_too(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    user = make_user(email_verified=False)
    browser = Browser().open_reset(user.email)
    meanwhile(monkeypatch, replacement, "replace_password", partial(enrol, user))

    assert "access" in browser.set_new().json()
    assert not Authenticator.objects.exists()


# Query counts


def test_query_counts(opened: Browser) -> None:
    for path, expected in ((FORM, 1), (COMPLETE, 0)):
        with statements(expected):
            opened.get(path)
    with statements(15):
        opened.set_new()
