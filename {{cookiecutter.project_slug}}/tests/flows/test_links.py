"""The links in e-mails: how each kind opens, how long it lives, and what ends it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.urls import reverse

from accounts.link_cookies import INVITATION_COOKIE, PASSWORD_RESET_COOKIE
from accounts.models import User
from tests.client import Browser
from tests.clock import later
from tests.flows.steps import refusal, signed_in_admin, signed_in_as
from tests.mailbox import link_to
from tests.people import NEW_PASSWORD, make_user, save
from tests.queries import statements

pytestmark = pytest.mark.django_db

ADDRESS = "linked@example.test"
DAY = 86_400
FRONT_END = "https://app.example.test/welcome?lang=en"


def reset() -> User:
    user = make_user(email=ADDRESS)
    Browser().request_reset(ADDRESS)
    return user


def invitation() -> User:
    signed_in_admin().invite(ADDRESS)
    return User.objects.get(email=ADDRESS)


def sign_up() -> User:
    Browser().sign_up(ADDRESS)
    return User.objects.get(email=ADDRESS)


def email_change() -> User:
    user = make_user()
    signed_in_as(user).change_profile(email=ADDRESS)
    return user


def sign_in(browser: Browser) -> Any:
    return browser.sign_in(ADDRESS)


@dataclass(frozen=True)
class Kind:
    causes: Callable[[], User]
    """Has a link sent to ``ADDRESS``; returns its user."""
    completes: Callable[..., Any]
    """What the browser can do once it has opened the link."""
    lifetime: int
    """In seconds."""
    page: str
    redirect_setting: str
    queries: int


RESET_PAGE, VERIFIED = reverse("default_password_reset"), reverse("jwt_allauth_email_verified")
INVITATION_PAGE = reverse("jwt_allauth_default_set_password")
KINDS = [
    Kind(reset, Browser.set_new, 3_600, RESET_PAGE, "PASSWORD_RESET_REDIRECT", 1),
    Kind(invitation, Browser.accept, 7 * DAY, INVITATION_PAGE, "PASSWORD_SET_REDIRECT", 1),
    Kind(sign_up, sign_in, 3 * DAY, VERIFIED, "EMAIL_VERIFIED_REDIRECT", 4),
    Kind(email_change, sign_in, 3 * DAY, VERIFIED, "EMAIL_VERIFIED_REDIRECT", 11),
]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.causes.__name__)
def kind(request: Any, settings: Any) -> Kind:
    settings.JWT_ALLAUTH_INVITATIONS = True
    kind: Kind = request.param
    return kind


@pytest.fixture
def user(kind: Kind, db: None) -> User:
    return kind.causes()


@pytest.fixture
def link(user: User) -> str:
    return link_to(ADDRESS)


def test_link_redirects_to_its_page(kind: Kind, link: str, browser: Browser) -> None:
    with statements(kind.queries):
        response = browser.get(link)

    assert (response.status_code, response["Location"]) == (302, kind.page)
    assert browser.get(kind.page).status_code == 200


def test_answers_to_a_link_are_not_stored_and_send_no_referrer(link: str, browser: Browser) -> None:
    for path, status in ((link, 302), (link[:-2] + "/", 400)):
        response = browser.get(path)

        assert response.status_code == status
        assert response["Cache-Control"] == "no-store"
        assert response["Referrer-Policy"] == "no-referrer"


def test_link_redirects_to_the_front_end_instead(
    kind: Kind, link: str, browser: Browser, settings: Any
) -> None:
    setattr(settings, kind.redirect_setting, FRONT_END)

    assert browser.get(link)["Location"] == FRONT_END
    assert browser.get(kind.page).status_code == 404


def test_mail_scanner_does_not_consume_the_link(kind: Kind, link: str, browser: Browser) -> None:
    before = list(User.objects.order_by("pk").values())
    scanner = Browser()
    assert not scanner.head(link).cookies
    assert list(User.objects.order_by("pk").values()) == before, "HEAD changes nothing"
    for _ in range(2):
        scanner.get(link)

    assert browser.get(link).status_code == 302
    assert kind.completes(browser).status_code == 200


@pytest.mark.parametrize("kind", KINDS[2:], indirect=True, ids=["sign_up", "email_change"])
def test_button_comes_first_where_scanners_open_links(
    kind: Kind, link: str, browser: Browser, settings: Any
) -> None:
    settings.JWT_ALLAUTH_CONFIRM_EMAIL_ON_GET = False

    page = Browser().get(link)

    assert page.status_code == 200
    assert ADDRESS in page.content.decode()
    assert kind.completes(browser).status_code == 401
    assert Browser().post(link)["Location"] == VERIFIED, "without a cookie"
    assert kind.completes(browser).status_code == 200


def test_link_ends_after_its_lifetime(kind: Kind, link: str, browser: Browser) -> None:
    for seconds, status in ((kind.lifetime - 5, 302), (kind.lifetime + 1, 400)):
        with later(seconds):
            assert browser.get(link).status_code == status


@pytest.mark.parametrize(
    "change", [{"is_active": False}, {"email": "moved@example.test"}, {"password": "!another"}]
)
def test_link_ends_when_its_account_changes(
    change: dict[str, Any], user: User, link: str, browser: Browser
) -> None:
    save(user, **change)
    before = list(User.objects.order_by("pk").values())

    assert browser.get(link).status_code == 400
    assert list(User.objects.order_by("pk").values()) == before


def test_link_ends_with_its_account(user: User, link: str, browser: Browser) -> None:
    user.delete()

    assert browser.get(link).status_code == 400


def test_link_with_another_signature_is_refused(link: str, browser: Browser) -> None:
    signed, separator, signature = link.rstrip("/").rpartition(":")
    forged = "A" if signature[0] != "A" else "B"

    assert browser.get(f"{signed}{separator}{forged}{signature[1:]}/").status_code == 400


# The cookie that two of the links leave, and the password that it sets

COOKIES = {KINDS[0]: PASSWORD_RESET_COOKIE, KINDS[1]: INVITATION_COOKIE}
sets_a_password = pytest.mark.parametrize("kind", COOKIES, indirect=True, ids=["reset", "invite"])


@pytest.fixture
def opened(link: str, browser: Browser) -> Browser:
    """A browser that has opened the link."""
    browser.get(link)
    return browser


@sets_a_password
@pytest.mark.parametrize("is_secure", [True, False], ids=["production", "development"])
def test_link_sets_a_cookie_that_scripts_cannot_read(
    is_secure: bool, kind: Kind, link: str, browser: Browser, settings: Any
) -> None:
    settings.DEBUG = not is_secure

    cookies = browser.get(link).cookies

    names = {reset: "password_reset_access_token", invitation: "set_password_access_token"}
    paths = {reset: "/api/auth/password/reset/", invitation: "/api/auth/registration/set-password/"}
    cookie = cookies[names[kind.causes]]
    assert (cookie["httponly"], bool(cookie["secure"])) == (True, is_secure)
    assert (cookie["samesite"], cookie["max-age"]) == ("Lax", 900)
    assert cookie["path"] == paths[kind.causes]
    assert "csrftoken" in cookies


@sets_a_password
def test_form_without_a_valid_cookie_says_so(kind: Kind, link: str, browser: Browser) -> None:
    response = browser.get(kind.page)

    assert response.status_code == 400
    says = {reset: "no longer valid", invitation: "invited you"}
    assert says[kind.causes] in response.content.decode()


@sets_a_password
def test_cookie_lives_15_minutes(kind: Kind, opened: Browser) -> None:
    with later(901):
        assert refusal(kind.completes(opened)) == (401, "token_not_valid")


@sets_a_password
def test_password_ends_the_cookie_and_the_link(kind: Kind, link: str, opened: Browser) -> None:
    name = COOKIES[kind].name
    consumed = opened.cookies[name].value
    assert kind.completes(opened).status_code == 200
    assert opened.cookies[name].value == ""

    opened.cookies[name] = consumed

    response = kind.completes(opened, "a third good pass phrase")
    assert refusal(response) == (401, "token_not_valid")
    assert response["WWW-Authenticate"] == "Bearer"
    page = opened.get(link)
    assert page.status_code == 400
    assert "no longer valid" in page.content.decode()


@sets_a_password
def test_refused_password_does_not_consume_the_cookie(kind: Kind, opened: Browser) -> None:
    assert kind.completes(opened, "password").json()["codes"].keys() == {"new_password1"}
    assert kind.completes(opened).status_code == 200


@sets_a_password
def test_without_a_cookie_nothing_is_set(kind: Kind, opened: Browser) -> None:
    del opened.cookies[COOKIES[kind].name]

    assert refusal(kind.completes(opened)) == (401, "token_not_valid")


@sets_a_password
@pytest.mark.parametrize("headers", [{}, {"X-CSRFToken": ""}, {"X-CSRFToken": "wrong"}])
def test_without_the_csrf_token_nothing_is_set(
    headers: dict[str, str], kind: Kind, user: User, opened: Browser
) -> None:
    endpoint = {reset: "rest_password_reset_set_new", invitation: "rest_set_password"}
    body = {"new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}

    response = opened.call("post", endpoint[kind.causes], body, headers=headers)

    assert refusal(response) == (403, "csrf_failed")
    assert not User.objects.get(pk=user.pk).check_password(NEW_PASSWORD)
