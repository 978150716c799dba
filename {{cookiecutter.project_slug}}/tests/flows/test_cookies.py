"""Cookies of one name: ours counts, another application's is deleted, no session is swapped.

A browser sends the cookie with the longest path first, and Django keeps the last.
"""

from typing import Any

import pytest
from django.urls import reverse

from accounts.api.cookies import DEVICE_COOKIE, REFRESH_COOKIE
from accounts.link_cookies import PASSWORD_RESET_COOKIE
from accounts.models import Session, User
from accounts.services.passwords.recognised_devices import MAX_ACCOUNTS
from accounts.services.sessions import tokens
from core.cookies import MAX_VALUES
from tests.client import Browser
from tests.clock import later
from tests.flows.steps import refusal, signed_in_as, with_token
from tests.limits import Rates, stranger
from tests.mailbox import link_to
from tests.people import NEW_PASSWORD, make_user

pytestmark = pytest.mark.django_db

FOREIGN = [
    "another-applications",
    "eyJhbGciOiJIUzI1NiJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCJ9.c2lnbmVk",
    '"quoted \\054"',
    "",
    "a=b=c",
]
NOT_VALID = (401, "token_not_valid")
either_order = pytest.mark.parametrize("step", [1, -1], ids=["this order", "the other order"])


def header(name: str, *values: str) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={value}" for value in values)}


def refresh_with(*values: str) -> Any:
    return Browser().call("post", "token_refresh", {}, headers=header(REFRESH_COOKIE, *values))


def deleted(response: Any, name: str = REFRESH_COOKIE) -> set[tuple[str, str]]:
    """The domain and path of each cookie that the answer deletes."""
    morsels = [morsel for morsel in response.cookies.values() if morsel.key == name]
    return {(m["domain"], m["path"]) for m in morsels if str(m["max-age"]) == "0"}


# Of several refresh tokens, the valid one


@pytest.mark.parametrize("foreign", FOREIGN)
@either_order
def test_foreign_cookie_does_not_hide_ours(foreign: str, step: int, signed_in: Browser) -> None:
    response = refresh_with(*(signed_in.refresh_token, foreign)[::step])

    assert response.status_code == 200
    assert response.cookies[REFRESH_COOKIE].value


def test_foreign_cookie_is_deleted_where_it_may_be(signed_in: Browser) -> None:
    response = refresh_with(signed_in.refresh_token, "another-applications")

    # Of this host: on another domain it may be in use. And never ours.
    assert deleted(response) == {("", path) for path in ("/", "/api", "/api/", "/api/auth")}
    assert response.cookies[REFRESH_COOKIE]["path"] == "/api/auth/"


@pytest.mark.parametrize("cookies", [{}, {"other": "a"}, {"my_refresh_token": "a"}])
def test_nothing_is_deleted_beside_ours_alone(cookies: dict[str, str], signed_in: Browser) -> None:
    signed_in.cookies.load(cookies)

    assert not deleted(signed_in.refresh())


@either_order
def test_last_token_of_one_session_counts(step: int, signed_in: Browser) -> None:
    old = signed_in.refresh_token
    with later(60):
        signed_in.refresh()
        response = refresh_with(*(signed_in.refresh_token, old)[::step])

    assert response.status_code == 200
    assert Session.objects.count() == 1


@either_order
def test_token_of_an_ended_session_does_not_count(step: int, user: User) -> None:
    ended, live = signed_in_as(user), signed_in_as(user)
    values = (ended.refresh_token, live.refresh_token)
    ended.sign_out()

    assert refresh_with(*values[::step]).status_code == 200


# Tokens of two accounts: a sibling domain may have set one


@pytest.mark.parametrize("own_has_ended", [False, True])
@either_order
def test_token_of_another_account_swaps_no_session(
    step: int, own_has_ended: bool, signed_in: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    own, thief = signed_in.refresh_token, signed_in_as(make_user())
    if own_has_ended:
        signed_in.sign_out()

    response = refresh_with(*(thief.refresh_token, own)[::step])

    assert refusal(response) == NOT_VALID
    assert "refresh_tokens_mixed" in caplog.messages
    assert {("api.example.test", "/"), ("example.test", "/")} < deleted(response)
    assert ("", "/api/auth/") not in deleted(response)
    assert thief.refresh().status_code == 200
    assert with_token(own).refresh().status_code == (401 if own_has_ended else 200)


def test_logout_ends_only_the_session_of_the_caller(signed_in: Browser, user: User) -> None:
    thief = signed_in_as(make_user())
    values = (thief.refresh_token, signed_in.refresh_token, "junk")

    response = signed_in.call("post", "rest_logout", {}, headers=header(REFRESH_COOKIE, *values))

    assert response.status_code == 200
    assert not Session.objects.filter(user=user).exists()
    assert thief.refresh().status_code == 200


def test_sign_in_beside_foreign_cookies_ends_the_session(signed_in: Browser, user: User) -> None:
    former = tokens.read_refresh(signed_in.refresh_token).session_id
    values = ("another-applications", signed_in.refresh_token, "another-applications")
    browser = Browser(headers=header(REFRESH_COOKIE, *values))

    assert browser.sign_in(user.email).status_code == 200

    assert not Session.objects.filter(pk=former).exists()


def test_sign_in_beside_cookies_of_two_accounts_ends_no_session(
    signed_in: Browser, user: User
) -> None:
    junk = (f"a.b.c{number}" for number in range(MAX_VALUES))
    tossed = signed_in_as(make_user()).refresh_token
    browser = Browser(headers=header(REFRESH_COOKIE, tossed, signed_in.refresh_token, *junk))

    response = browser.sign_in(user.email)

    assert response.status_code == 200
    assert Session.objects.count() == 3
    assert ("example.test", reverse("rest_login")) in deleted(response)


# The cookies of a reset


@pytest.fixture
def reset(user: User) -> Browser:
    return Browser().open_reset(user.email)


def reset_cookie(browser: Browser) -> str:
    return browser.cookies[PASSWORD_RESET_COOKIE.name].value


def sent_with(browser: Browser, name: str, before: list[str], after: list[str]) -> dict[str, str]:
    """A header with the browser's cookies, and others of this name before and after its own."""
    pairs = []
    for own, morsel in browser.cookies.items():
        values = [*before, morsel.value, *after] if own == name else [morsel.value]
        pairs += [f"{own}={value}" for value in values]
    return {"Cookie": "; ".join(pairs)}


def set_new_with(browser: Browser, cookie: dict[str, str], csrf: str = "") -> Any:
    headers = {"X-CSRFToken": csrf or browser.cookies["csrftoken"].value, **cookie}
    body = {"new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    return browser.call("post", "rest_password_reset_set_new", body, headers=headers)


@pytest.mark.parametrize("foreign", FOREIGN)
def test_foreign_cookies_do_not_hide_that_of_a_reset(foreign: str, reset: Browser) -> None:
    cookie = sent_with(reset, PASSWORD_RESET_COOKIE.name, ["junk"], [foreign])

    assert reset.get(reverse("default_password_reset"), headers=cookie).status_code == 200
    response = set_new_with(reset, cookie)

    assert response.status_code == 200
    assert ("", "/") in deleted(response, PASSWORD_RESET_COOKIE.name)


@either_order
def test_cookies_of_two_resets_set_no_password(step: int, reset: Browser, user: User) -> None:
    thief = make_user()
    tossed = reset_cookie(Browser().open_reset(thief.email))
    cookie = sent_with(reset, PASSWORD_RESET_COOKIE.name, *([tossed], [])[::step])

    response = set_new_with(reset, cookie)

    assert refusal(response) == NOT_VALID
    assert ("example.test", "/") in deleted(response, PASSWORD_RESET_COOKIE.name)
    for account in (user, thief):
        account.refresh_from_db()
        assert not account.check_password(NEW_PASSWORD)


def test_reset_cookie_of_another_account_does_not_replace_a_consumed_one(reset: Browser) -> None:
    tossed = reset_cookie(Browser().open_reset(make_user().email))
    cookie = sent_with(reset, PASSWORD_RESET_COOKIE.name, [tossed], [])
    assert reset.set_new().status_code == 200

    response = set_new_with(reset, cookie)

    assert refusal(response) == NOT_VALID
    below = ("example.test", reverse("rest_password_reset_set_new"))
    assert below in deleted(response, PASSWORD_RESET_COOKIE.name)


def test_two_cookies_of_one_reset_set_the_password(reset: Browser, user: User) -> None:
    first = reset_cookie(reset)
    with later(60):
        reset.get(link_to(user.email))
        cookie = sent_with(reset, PASSWORD_RESET_COOKIE.name, [first], [])

        assert set_new_with(reset, cookie).status_code == 200


@either_order
def test_script_may_read_either_csrf_cookie(step: int, reset: Browser) -> None:
    """Scripts find the first cookie of a name, and Django keeps the last."""
    own = reset.cookies["csrftoken"].value
    cookie = sent_with(reset, "csrftoken", *(["x" * 32], [])[::step])

    assert set_new_with(reset, cookie, csrf="y" * 32).status_code == 403
    assert set_new_with(reset, cookie, csrf=own).status_code == 200


# The cookie of a recognised device


def test_foreign_devices_are_deleted_at_every_path(signed_in: Browser, user: User) -> None:
    others = [f"{'0' * 32}.{n}.{'0' * 32}" for n in range(MAX_ACCOUNTS)]
    device = signed_in.cookies[DEVICE_COOKIE].value
    owner = Browser(headers=header(DEVICE_COOKIE, *others, device))

    response = owner.sign_in(user.email)

    assert ("example.test", reverse("rest_login")) in deleted(response, DEVICE_COOKIE)
    assert ("", "/api/auth/") not in deleted(response, DEVICE_COOKIE)


@pytest.mark.parametrize("junk", ["junk", "~" * 50, "a~" * 50])
@pytest.mark.parametrize("number", [1, 8])
def test_foreign_cookies_do_not_hide_a_recognised_device(
    number: int, junk: str, signed_in: Browser, user: User, rates: Rates
) -> None:
    rates(login_account="1/hour")
    stranger().sign_in(user.email, "not the password")
    device = signed_in.cookies[DEVICE_COOKIE].value
    foreign = [f"{junk}{n}" for n in range(number)]
    owner = Browser(headers=header(DEVICE_COOKIE, *foreign, device, *foreign))

    assert owner.sign_in(user.email).status_code == 200


def test_session_cookie_of_the_admin_is_bound_to_this_host(settings: Any) -> None:
    assert settings.SESSION_COOKIE_NAME == "__Host-sessionid"
    assert settings.SESSION_COOKIE_SECURE
    assert (settings.SESSION_COOKIE_PATH, settings.SESSION_COOKIE_DOMAIN) == ("/", None)
