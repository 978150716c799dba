"""Cookies of one name: ours counts, another application's is deleted, nobody's session is swapped.

A browser sends the cookie with the longest path first, and Django keeps the last.
"""

from collections.abc import Callable
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
from tests.limits import Rates, stranger
from tests.mailbox import link_to
from tests.people import PASSWORD, make_user

pytestmark = pytest.mark.django_db

FOREIGN = [
    "another-applications",
    "eyJhbGciOiJIUzI1NiJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCJ9.c2lnbmVk",
    '"quoted \\054"',
    "",
    "a=b=c",
]
NEW = "another good pass phrase"


def header(name: str, *values: str) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={value}" for value in values)}


def refresh_with(*values: str) -> Any:
    return Browser().call("post", "token_refresh", {}, headers=header(REFRESH_COOKIE, *values))


def deleted(response: Any, name: str = REFRESH_COOKIE) -> set[tuple[str, str]]:
    """The domain and path of each cookie that the answer deletes."""
    morsels = [morsel for morsel in response.cookies.values() if morsel.key == name]
    return {(m["domain"], m["path"]) for m in morsels if str(m["max-age"]) == "0"}


# Of two, the good one


@pytest.mark.parametrize("foreign", FOREIGN)
@pytest.mark.parametrize("ours_first", [True, False])
def test_cookie_of_another_application_hides_ours_no_more(
    foreign: str, ours_first: bool, signed_in: Browser
) -> None:
    values = (signed_in.refresh_token, foreign)

    response = refresh_with(*(values if ours_first else values[::-1]))

    assert response.status_code == 200
    assert response.cookies[REFRESH_COOKIE].value


def test_cookie_of_another_application_is_deleted_where_it_may_be(signed_in: Browser) -> None:
    response = refresh_with(signed_in.refresh_token, "another-applications")

    # Of this host: on another domain it may be in use. And never ours.
    assert deleted(response) == {("", path) for path in ("/", "/api", "/api/", "/api/auth")}
    assert response.cookies[REFRESH_COOKIE]["path"] == "/api/auth/"


@pytest.mark.parametrize("cookies", [{}, {"other": "a"}, {"my_refresh_token": "a"}])
def test_nothing_is_deleted_where_ours_came_alone(
    cookies: dict[str, str], signed_in: Browser
) -> None:
    for name, value in cookies.items():
        signed_in.cookies[name] = value

    assert not deleted(signed_in.refresh())


def test_refused_refresh_deletes_the_others_too_and_keeps_ours() -> None:
    response = refresh_with("a", "b")

    assert response.status_code == 401
    assert ("", "/") in deleted(response)
    assert ("", "/api/auth/") not in deleted(response)


@pytest.mark.parametrize("newest_first", [True, False])
def test_of_one_session_the_token_that_was_issued_last_counts(
    newest_first: bool, signed_in: Browser
) -> None:
    old = signed_in.refresh_token
    with later(60):
        signed_in.refresh()
        values = (signed_in.refresh_token, old)
        response = refresh_with(*(values if newest_first else values[::-1]))

    assert response.status_code == 200
    assert Session.objects.count() == 1


@pytest.mark.parametrize("ended_first", [True, False])
def test_token_of_a_session_that_ended_does_not_count(
    ended_first: bool, sign_in: Callable[[], Browser]
) -> None:
    ended, live = sign_in(), sign_in()
    values = (ended.refresh_token, live.refresh_token)
    ended.call("post", "rest_logout", {})

    assert refresh_with(*(values if ended_first else values[::-1])).status_code == 200


# Nobody is signed in as somebody else


@pytest.mark.parametrize("tossed_first", [True, False])
def test_token_that_a_sibling_domain_set_swaps_no_session(
    tossed_first: bool, signed_in: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    thief = Browser()
    thief.sign_in(make_user().email)
    values = (thief.refresh_token, signed_in.refresh_token)

    response = refresh_with(*(values if tossed_first else values[::-1]))

    assert (response.status_code, response.json()["code"]) == (401, "token_not_valid")
    assert "refresh_tokens_mixed" in caplog.messages
    assert {("api.example.test", "/"), ("example.test", "/")} < deleted(response)
    assert ("", "/api/auth/") not in deleted(response)
    assert signed_in.refresh().status_code == 200
    assert thief.refresh().status_code == 200


def test_logout_ends_the_callers_session_whatever_else_is_sent(
    signed_in: Browser, user: User
) -> None:
    thief = Browser()
    thief.sign_in(make_user().email)

    response = signed_in.call(
        "post",
        "rest_logout",
        {},
        headers=header(REFRESH_COOKIE, thief.refresh_token, signed_in.refresh_token, "junk"),
    )

    assert response.status_code == 200
    assert not Session.objects.filter(user=user).exists()
    assert thief.refresh().status_code == 200


def test_sign_in_with_another_applications_cookie_ends_the_former_session(
    signed_in: Browser, user: User
) -> None:
    former = tokens.read_refresh(signed_in.refresh_token).session_id
    signed_in.defaults["HTTP_COOKIE"] = header(
        REFRESH_COOKIE, "another-applications", signed_in.refresh_token, "another-applications"
    )["Cookie"]

    assert signed_in.sign_in(user.email).status_code == 200

    assert not Session.objects.filter(pk=former).exists()


# Nobody is locked out


@pytest.mark.parametrize("tossed_first", [True, False])
def test_session_of_another_account_does_not_take_the_place_of_one_that_ended(
    tossed_first: bool, signed_in: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    own, thief = signed_in.refresh_token, Browser()
    thief.sign_in(make_user().email)
    signed_in.call("post", "rest_logout", {})
    values = (thief.refresh_token, own)

    response = refresh_with(*(values if tossed_first else values[::-1]))

    assert (response.status_code, response.json()["code"]) == (401, "token_not_valid")
    assert "refresh_tokens_mixed" in caplog.messages
    assert thief.refresh().status_code == 200


@pytest.mark.parametrize("number", [8, 200])
@pytest.mark.parametrize("shape", ["junk{}", "a.b{}", "a.b.c.d{}", "{}~", "ü.ü.ü{}"])
def test_values_that_are_no_token_do_not_take_the_place_of_ours(
    shape: str, number: int, signed_in: Browser
) -> None:
    junk = (shape.format(n) for n in range(number))

    assert refresh_with(*junk, signed_in.refresh_token).status_code == 200


def keys_below(name: str, *, domain: str = "") -> set[tuple[str, str]]:
    """Every key of a cookie that a browser sends to the endpoint."""
    path, keys = reverse(name), set()
    while path != "/":
        keys |= {(domain, path), (domain, path.rstrip("/"))}
        path = path.rstrip("/").rpartition("/")[0] + "/"
    return keys | {(domain, "/")}


@pytest.mark.parametrize("name", ["token_refresh", "rest_login"])
@pytest.mark.parametrize("junk", [False, True], ids=["of two accounts", "more than are tried"])
def test_cookies_that_keep_ours_from_counting_are_deleted_wherever_they_are(
    name: str, junk: bool, signed_in: Browser, user: User
) -> None:
    thief = Browser()
    thief.sign_in(make_user().email)
    tossed = [f"a.b.c{n}" for n in range(MAX_VALUES)] if junk else [thief.refresh_token]
    headers = header(REFRESH_COOKIE, *tossed, signed_in.refresh_token)
    person = {"email": user.email, "password": PASSWORD}

    response = Browser().call("post", name, person, headers=headers)

    domains = ("", "api.example.test", "example.test")
    own = {("", "/api/auth/"), ("api.example.test", "/api/auth/")}
    assert deleted(response) == set().union(*(keys_below(name, domain=d) for d in domains)) - own


def test_deleting_them_fits_into_the_headers_that_proxies_take(
    signed_in: Browser, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://api.accounts.shop.example.co.uk"

    response = refresh_with(*(f"a.b.c{n}" for n in range(MAX_VALUES)), signed_in.refresh_token)

    assert len(deleted(response)) >= 40
    assert len(response.cookies.output()) < 4_000


def test_only_so_many_values_are_tried(signed_in: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []
    read = tokens.read_refresh

    def count(token: str) -> Any:
        tried.append(token)
        return read(token)

    monkeypatch.setattr(tokens, "read_refresh", count)

    refresh_with(*(f"a.b.c{number}" for number in range(200)), signed_in.refresh_token)

    assert len(set(tried)) == MAX_VALUES


# The other cookies


@pytest.fixture
def reset(user: User) -> Browser:
    """A browser with the cookie that the link of a reset has left."""
    browser = Browser()
    browser.call("post", "rest_password_reset", {"email": user.email})
    browser.get(link_to(user.email))
    return browser


def cookie_header(browser: Browser, **more: list[str]) -> dict[str, str]:
    """What the browser has, and beside each some of the same name."""
    pairs = []
    for name, morsel in browser.cookies.items():
        first, last = [*more.get(name, []), "", ""][:2]
        pairs += [f"{name}={value}" for value in (first, morsel.value, last) if value]
    return {"Cookie": "; ".join(pairs)}


def set_new(browser: Browser, cookie: dict[str, str], csrf: str = "") -> Any:
    headers = {"X-CSRFToken": csrf or browser.cookies["csrftoken"].value, **cookie}
    body = {"new_password1": NEW, "new_password2": NEW}
    return browser.call("post", "rest_password_reset_set_new", body, headers=headers)


@pytest.mark.parametrize("foreign", FOREIGN)
def test_foreign_cookies_do_not_hide_that_of_a_reset(foreign: str, reset: Browser) -> None:
    cookie = cookie_header(reset, **{PASSWORD_RESET_COOKIE.name: ["junk", foreign]})

    response = set_new(reset, cookie)

    assert response.status_code == 200
    assert ("", "/") in deleted(response, PASSWORD_RESET_COOKIE.name)


def test_page_of_a_reset_shows_its_form_with_a_foreign_cookie(reset: Browser) -> None:
    cookie = cookie_header(reset, **{PASSWORD_RESET_COOKIE.name: ["junk", "junk"]})

    assert reset.get(reverse("default_password_reset"), headers=cookie).status_code == 200


def test_reset_cookies_of_two_accounts_set_no_password(reset: Browser, user: User) -> None:
    thief, tossing = make_user(), Browser()
    tossing.call("post", "rest_password_reset", {"email": thief.email})
    tossing.get(link_to(thief.email))
    tossed = tossing.cookies[PASSWORD_RESET_COOKIE.name].value

    for values in ([tossed], ["", tossed]):
        cookie = cookie_header(reset, **{PASSWORD_RESET_COOKIE.name: values})
        response = set_new(reset, cookie)
        assert (response.status_code, response.json()["code"]) == (401, "token_not_valid")
        assert ("example.test", "/") in deleted(response, PASSWORD_RESET_COOKIE.name)

    for person in (user, thief):
        person.refresh_from_db()
        assert not person.check_password(NEW)


def test_reset_cookie_of_another_account_does_not_take_the_place_of_one_that_was_used(
    reset: Browser,
) -> None:
    thief, tossing = make_user(), Browser()
    tossing.call("post", "rest_password_reset", {"email": thief.email})
    tossing.get(link_to(thief.email))
    tossed = tossing.cookies[PASSWORD_RESET_COOKIE.name].value
    cookie = cookie_header(reset, **{PASSWORD_RESET_COOKIE.name: [tossed]})
    assert set_new(reset, cookie_header(reset)).status_code == 200

    response = set_new(reset, cookie)

    assert (response.status_code, response.json()["code"]) == (401, "token_not_valid")
    assert ("example.test", reverse("rest_password_reset_set_new")) in deleted(
        response, PASSWORD_RESET_COOKIE.name
    )


def test_two_cookies_of_one_reset_set_the_password(reset: Browser, user: User) -> None:
    first = reset.cookies[PASSWORD_RESET_COOKIE.name].value
    with later(60):
        reset.get(link_to(user.email))
        cookie = cookie_header(reset, **{PASSWORD_RESET_COOKIE.name: [first]})

        assert set_new(reset, cookie).status_code == 200


@pytest.mark.parametrize("place", [0, 1])
def test_script_may_read_either_csrf_cookie(place: int, reset: Browser) -> None:
    """The first of a name is what scripts find, and the last what Django keeps."""
    own, other = reset.cookies["csrftoken"].value, "x" * 32
    cookie = cookie_header(reset, csrftoken=["", other] if place else [other, ""])

    assert set_new(reset, cookie, csrf="y" * 32).status_code == 403
    assert set_new(reset, cookie, csrf=own).status_code == 200


@pytest.mark.parametrize("number", [8, 100])
@pytest.mark.parametrize("shape", ["junk{}", "x{:031}"])
def test_foreign_csrf_cookies_do_not_hide_ours(shape: str, number: int, reset: Browser) -> None:
    own = reset.cookies["csrftoken"].value
    foreign = "; ".join(f"csrftoken={shape.format(n)}" for n in range(number))
    cookie = {"Cookie": f"{foreign}; {cookie_header(reset)['Cookie']}"}

    assert set_new(reset, cookie, csrf=own).status_code == 200


@pytest.mark.parametrize("number", [8, 100])
def test_foreign_cookies_do_not_take_the_place_of_that_of_a_reset(
    number: int, reset: Browser
) -> None:
    foreign = "; ".join(f"{PASSWORD_RESET_COOKIE.name}=junk{n}" for n in range(number))
    cookie = {"Cookie": f"{foreign}; {cookie_header(reset)['Cookie']}"}

    assert set_new(reset, cookie).status_code == 200


def test_devices_that_others_have_set_are_deleted_wherever_they_are(
    signed_in: Browser, user: User
) -> None:
    others = [f"{'0' * 32}.{n}.{'0' * 32}" for n in range(MAX_ACCOUNTS)]
    device = signed_in.cookies[DEVICE_COOKIE].value
    owner = Browser(headers=header(DEVICE_COOKIE, *others, device))

    response = owner.sign_in(user.email)

    assert ("example.test", reverse("rest_login")) in deleted(response, DEVICE_COOKIE)
    assert ("", "/api/auth/") not in deleted(response, DEVICE_COOKIE)


@pytest.mark.parametrize("junk", ["junk", "~" * 50, "a~" * 50])
@pytest.mark.parametrize("number", [1, 8])
def test_foreign_cookies_do_not_hide_a_known_device(
    number: int, junk: str, signed_in: Browser, user: User, rates: Rates
) -> None:
    rates(login_account="1/hour")
    stranger().sign_in(user.email, "not the password")
    device = signed_in.cookies[DEVICE_COOKIE].value
    foreign = [f"{junk}{n}" for n in range(number)]
    owner = Browser(headers=header(DEVICE_COOKIE, *foreign, device, *foreign))

    assert owner.sign_in(user.email).status_code == 200


def test_admins_session_cookie_is_this_hosts_alone(settings: Any) -> None:
    assert settings.SESSION_COOKIE_NAME == "__Host-sessionid"
    assert settings.SESSION_COOKIE_SECURE
    assert (settings.SESSION_COOKIE_PATH, settings.SESSION_COOKIE_DOMAIN) == ("/", None)
