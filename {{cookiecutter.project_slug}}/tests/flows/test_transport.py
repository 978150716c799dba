"""Transport: a request chooses whether its tokens are in cookies or in bodies."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse

from accounts.api.cookies import DEVICE_COOKIE, REFRESH_COOKIE
from accounts.api.transport import TRANSPORT_HEADER
from accounts.link_cookies import INVITATION_COOKIE, PASSWORD_RESET_COOKIE
from accounts.models import Session, User
from mail.models import Mail
from tests.authenticator import enrol
from tests.client import Browser
from tests.clock import later
from tests.mailbox import emails_to, link_to
from tests.people import PASSWORD, make_user
from tests.queries import statements
from tests.races.concurrency import at_once

pytestmark = pytest.mark.django_db

BODY, COOKIE = {TRANSPORT_HEADER: "body"}, {TRANSPORT_HEADER: "cookie"}
EVIL = {"Origin": "https://evil.example"}
NEW = "another good pass phrase"
RESET = "https://app.example.test/reset"
JOIN = "https://app.example.test/join"


@pytest.fixture(params=["chosen", "default"])
def in_body(request: pytest.FixtureRequest, settings: Any) -> dict[str, str]:
    """The headers of a request in body transport, which may be the default."""
    if request.param == "chosen":
        return BODY
    settings.JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE = False
    return {}


@pytest.fixture(params=["chosen", "default"])
def in_cookies(request: pytest.FixtureRequest, settings: Any) -> dict[str, str]:
    """The headers of a request in cookie transport, which may be the default."""
    settings.JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE = request.param == "default"
    return COOKIE if request.param == "chosen" else {}


@pytest.fixture(autouse=True)
def _front_end(settings: Any) -> None:
    settings.PASSWORD_RESET_REDIRECT, settings.PASSWORD_SET_REDIRECT = RESET, JOIN
    settings.JWT_ALLAUTH_INVITATIONS = True


def post(name: str, body: Any, headers: dict[str, str], browser: Browser | None = None) -> Any:
    return (browser or Browser()).call("post", name, body, headers=headers)


def sign_in(user: User, headers: dict[str, str], browser: Browser | None = None) -> Any:
    return post("rest_login", {"email": user.email, "password": PASSWORD}, headers, browser)


def in_fragment(address: str) -> dict[str, str]:
    """``uid`` and ``token`` of the newest link to the front end."""
    found = re.search(r"^https://app\.example\.test/\S+$", _newest(address), re.MULTILINE)
    assert found, _newest(address)
    return {name: value for name, [value] in parse_qs(urlsplit(found[0]).fragment).items()}


def _newest(address: str) -> str:
    return str(emails_to(address)[-1].body)


def ask(user: User, headers: dict[str, str]) -> dict[str, str]:
    """Asks for a reset in body transport."""
    post("rest_password_reset", {"email": user.email}, headers)
    return in_fragment(user.email)


def passwords(**link: str) -> dict[str, str]:
    return {"new_password1": NEW, "new_password2": NEW, **link}


def set_new(link: dict[str, str], headers: dict[str, str], browser: Browser | None = None) -> Any:
    return post("rest_password_reset_set_new", passwords(**link), headers, browser)


# Tokens


def test_sign_in_in_the_body_sets_no_cookie(user: User, in_body: dict[str, str]) -> None:
    response = sign_in(user, in_body)

    assert response.status_code == 200
    assert set(response.json()) == {"access", "refresh", "device"}
    assert not response.cookies


def test_sign_in_in_cookies_puts_no_token_but_access_into_the_body(
    user: User, in_cookies: dict[str, str]
) -> None:
    response = sign_in(user, in_cookies)

    assert set(response.json()) == {"access"}
    assert set(response.cookies) == {REFRESH_COOKIE, DEVICE_COOKIE}


def test_web_application_and_phone_share_a_deployment(user: User) -> None:
    web = Browser()
    sign_in(user, {}, web)
    phone = sign_in(user, BODY).json()

    assert web.refresh().status_code == 200
    rotated = post("token_refresh", {"refresh": phone["refresh"]}, BODY)

    assert (rotated.status_code, set(rotated.json())) == (200, {"access", "refresh"})
    assert not rotated.cookies
    assert Session.objects.filter(user=user).count() == 2


def test_session_may_move_to_the_other_transport_by_its_own_token_only(user: User) -> None:
    token = sign_in(user, BODY).json()["refresh"]

    assert post("token_refresh", {"refresh": token}, COOKIE).status_code == 401
    browser = Browser()
    browser.refresh_token = token
    assert post("token_refresh", {}, COOKIE, browser).status_code == 200


def test_device_of_the_body_is_recognised_in_its_header(user: User, settings: Any) -> None:
    settings.NEW_DEVICE_EMAILS = True
    device = sign_in(user, BODY).json()["device"]
    known = len(emails_to(user.email))

    sign_in(user, {**BODY, "X-Known-Device": device})
    assert len(emails_to(user.email)) == known

    sign_in(user, {**COOKIE, "X-Known-Device": device})
    assert len(emails_to(user.email)) == known + 1


def test_sign_in_in_the_body_leaves_the_session_of_the_cookie(user: User, browser: Browser) -> None:
    sign_in(user, {}, browser)

    response = sign_in(user, BODY, browser)

    assert not response.cookies
    assert browser.refresh().status_code == 200


def test_second_factor_answers_in_the_transport_of_its_own_request(
    user: User, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    held = enrol(user)
    challenge = sign_in(user, {}).json()["challenge_id"]

    response = post(
        "jwt_allauth_mfa_verify", {"challenge_id": challenge, "code": held.app.code()}, BODY
    )

    assert {"access", "refresh"} <= set(response.json())
    assert not response.cookies


@pytest.mark.parametrize("name", ["rest_logout", "rest_logout_all"])
def test_logout_in_the_body_leaves_the_cookie(name: str, user: User) -> None:
    tokens = sign_in(user, BODY).json()
    phone = {**BODY, "Authorization": f"Bearer {tokens['access']}"}

    response = post(name, {"refresh": tokens["refresh"]}, phone)

    assert response.status_code == 200
    assert not response.cookies
    assert not Session.objects.exists()


def test_signing_the_own_device_out_in_the_body_leaves_the_cookie(user: User) -> None:
    phone = {**BODY, "Authorization": f"Bearer {sign_in(user, BODY).json()['access']}"}
    session = str(Session.objects.get().pk)

    response = Browser().call(
        "delete", "session_detail", kwargs={"session_id": session}, headers=phone
    )

    assert (response.status_code, len(response.cookies)) == (204, 0)


def test_refresh_costs_one_query_in_either_transport(user: User) -> None:
    token = sign_in(user, BODY).json()["refresh"]
    browser = Browser()
    sign_in(user, {}, browser)

    with statements(1):
        post("token_refresh", {"refresh": token}, BODY)
    with statements(1):
        post("token_refresh", {}, COOKIE, browser)


# The header


@pytest.mark.parametrize("value", ["", "Body", "bearer", "body,cookie", "cookie ;x", "\x00", "é"])
@pytest.mark.parametrize(
    "name",
    [
        "rest_login",
        "token_refresh",
        "rest_password_reset",
        "rest_password_reset_set_new",
        "rest_set_password",
        "rest_register",
    ],
)
def test_any_other_value_is_refused_before_anything_happens(
    value: str, name: str, user: User
) -> None:
    names = {"first_name": "Ada", "last_name": "", "email": user.email}
    body = {"password": PASSWORD, "password1": PASSWORD, "password2": PASSWORD, **names}

    response = post(name, body, {TRANSPORT_HEADER: value})

    assert (response.status_code, response.json()["code"]) == (400, "invalid_transport")
    assert not Session.objects.exists()
    assert not Mail.objects.exists()


@pytest.mark.parametrize("name", ["rest_logout", "rest_logout_all", "session_detail"])
def test_any_other_value_ends_no_session(name: str, signed_in: Browser) -> None:
    pk = str(Session.objects.get().pk)
    method = "delete" if name == "session_detail" else "post"
    kwargs = {"session_id": pk} if name == "session_detail" else None

    response = signed_in.call(method, name, {}, kwargs=kwargs, headers={TRANSPORT_HEADER: "x"})

    assert response.json()["code"] == "invalid_transport"
    assert Session.objects.filter(pk=pk).exists()


def test_allowed_origin_may_send_the_header_and_no_other(settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example.test"]
    asked = {"Access-Control-Request-Method": "POST"}

    def preflight(origin: str) -> Any:
        headers = {"Origin": origin, **asked}
        return Browser().options(reverse("token_refresh"), headers=headers)

    allowed = preflight("https://app.example.test")["Access-Control-Allow-Headers"]
    assert TRANSPORT_HEADER.lower() in allowed.split(", ")
    assert "Access-Control-Allow-Headers" not in preflight("https://evil.example")


# Attackers


def test_cookie_is_never_read_in_body_transport(
    signed_in: Browser, in_body: dict[str, str]
) -> None:
    response = post("token_refresh", {}, in_body, signed_in)

    assert (response.status_code, response.json()["code"]) == (401, "token_not_valid")
    assert not response.cookies


def test_body_is_never_read_in_cookie_transport(user: User, in_cookies: dict[str, str]) -> None:
    token = sign_in(user, BODY).json()["refresh"]

    assert post("token_refresh", {"refresh": token}, in_cookies).status_code == 401
    assert post("token_refresh", {"refresh": 7}, in_cookies).status_code == 401


@pytest.mark.parametrize("name", ["token_refresh", "rest_logout", "rest_logout_all"])
def test_foreign_origin_is_refused_in_cookie_transport_with_either_default(
    name: str, user: User, in_cookies: dict[str, str]
) -> None:
    browser = Browser()
    browser.access = sign_in(user, in_cookies, browser).json()["access"]

    response = post(name, {}, {**in_cookies, **EVIL}, browser)

    assert (response.status_code, response.json()["code"]) == (403, "origin_not_allowed")
    assert Session.objects.exists()


def test_foreign_origin_gets_nothing_of_a_cookie_by_naming_the_body(signed_in: Browser) -> None:
    response = post("token_refresh", {}, {**BODY, **EVIL}, signed_in)

    assert response.status_code == 401
    assert "Access-Control-Allow-Origin" not in response


def test_cookie_of_a_link_gets_no_token_into_the_body(user: User, browser: Browser) -> None:
    post("rest_password_reset", {"email": user.email}, COOKIE)
    browser.get(link_to(user.email))
    csrf = {"X-CSRFToken": browser.cookies["csrftoken"].value}

    response = set_new({}, {**BODY, **csrf}, browser)

    assert (response.status_code, response.json()["code"]) == (401, "token_not_valid")
    assert browser.cookies[PASSWORD_RESET_COOKIE.name].value
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_token_of_a_link_in_the_body_is_not_read_in_cookie_transport(user: User) -> None:
    link = ask(user, BODY)

    response = set_new(link, COOKIE)

    assert (response.status_code, response.json()["code"]) == (401, "token_not_valid")


# Resets


def test_reset_from_the_fragment_to_being_signed_in(user: User, in_body: dict[str, str]) -> None:
    link = ask(user, in_body)

    response = set_new(link, in_body)

    assert (response.status_code, set(response.json())) == (
        200,
        {"access", "refresh", "device", "detail"},
    )
    assert not response.cookies
    assert post("token_refresh", response.json(), in_body).status_code == 200
    user.refresh_from_db()
    assert user.check_password(NEW)


def test_reset_in_cookie_transport_has_the_link_of_the_seed(
    user: User, in_cookies: dict[str, str], browser: Browser
) -> None:
    post("rest_password_reset", {"email": user.email}, in_cookies)

    response = browser.get(link_to(user.email))

    assert (response.status_code, response["Location"]) == (302, RESET)
    assert PASSWORD_RESET_COOKIE.name in response.cookies


def test_built_in_form_works_where_the_body_is_the_default(
    user: User, browser: Browser, settings: Any
) -> None:
    settings.JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE = False
    settings.PASSWORD_RESET_REDIRECT = ""
    post("rest_password_reset", {"email": user.email}, {})
    browser.get(link_to(user.email))

    response = browser.set_password("rest_password_reset_set_new", NEW)

    assert response.status_code == 200


def test_built_in_form_needs_its_csrf_token_where_the_body_is_the_default(
    user: User, browser: Browser, settings: Any
) -> None:
    settings.JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE = False
    settings.PASSWORD_RESET_REDIRECT = ""
    post("rest_password_reset", {"email": user.email}, {})
    browser.get(link_to(user.email))

    response = set_new({}, {}, browser)

    assert (response.status_code, response.json()["code"]) == (403, "csrf_failed")


def test_without_a_front_end_the_link_leads_to_the_built_in_form(
    user: User, settings: Any, browser: Browser
) -> None:
    settings.PASSWORD_RESET_REDIRECT = ""
    post("rest_password_reset", {"email": user.email}, BODY)

    assert browser.get(link_to(user.email))["Location"] == reverse("default_password_reset")


@pytest.mark.parametrize(
    ("page", "before_link"),
    [
        (RESET, f"{RESET}#"),
        (f"{RESET}?lang=en", f"{RESET}?lang=en#"),
        ("https://app.example.test/#/reset", "https://app.example.test/#/reset?"),
        ("https://app.example.test/#/reset?lang=en", "https://app.example.test/#/reset?lang=en&"),
    ],
)
def test_token_is_in_the_fragment_of_any_page(
    page: str, before_link: str, user: User, settings: Any
) -> None:
    settings.PASSWORD_RESET_REDIRECT = page
    post("rest_password_reset", {"email": user.email}, BODY)

    assert f"{before_link}uid=" in _newest(user.email)


def test_owner_who_signs_up_again_on_a_phone_gets_a_link_for_it(user: User) -> None:
    names = {"first_name": "Ada", "last_name": "Lovelace"}
    body = {"email": user.email, "password1": NEW, "password2": NEW, **names}
    post("rest_register", body, BODY)

    assert set_new(in_fragment(user.email), BODY).status_code == 200


def test_request_of_a_reset_costs_two_queries_in_the_body_too(user: User) -> None:
    with statements(2):
        post("rest_password_reset", {"email": user.email}, BODY)


def test_outbox_holds_no_token(user: User) -> None:
    link = ask(user, BODY)

    assert link["token"] not in str(Mail.objects.values().get())


def test_link_works_once(user: User) -> None:
    link = ask(user, BODY)
    assert set_new(link, BODY).status_code == 200

    response = set_new(link, BODY)

    assert (response.status_code, response.json()["code"]) == (401, "token_not_valid")


def test_refused_password_does_not_consume_the_link(user: User) -> None:
    link = ask(user, BODY)

    response = post("rest_password_reset_set_new", {**link, **_weak()}, BODY)

    assert (response.status_code, set(response.json()["codes"])) == (400, {"new_password1"})
    assert set_new(link, BODY).status_code == 200


def _weak() -> dict[str, str]:
    return {"new_password1": "password", "new_password2": "password"}


def test_link_used_in_the_body_is_dead_as_a_cookie(user: User, browser: Browser) -> None:
    post("rest_password_reset", {"email": user.email}, COOKIE)
    path = link_to(user.email)
    browser.get(path)
    uid, token = path.rstrip("/").split("/")[-2:]

    assert set_new({"uid": uid, "token": token}, BODY).status_code == 200

    assert browser.set_password("rest_password_reset_set_new", NEW).status_code == 401
    assert "error=invalid_link" in Browser().get(path)["Location"]


def test_link_used_as_a_cookie_is_dead_in_the_body(user: User, browser: Browser) -> None:
    link = ask(user, BODY)
    post("rest_password_reset", {"email": user.email}, COOKIE)
    browser.get(link_to(user.email))
    assert browser.set_password("rest_password_reset_set_new", NEW).status_code == 200

    assert set_new(link, BODY).status_code == 401


def test_link_expires(user: User) -> None:
    link = ask(user, BODY)

    with later(3_601):
        assert set_new(link, BODY).status_code == 401


@pytest.mark.parametrize(
    "changed",
    [
        {"uid": ""},
        {"uid": "AAAA"},
        {"token": ""},
        {"token": "password_reset.e30:x"},
        {"token": "a.b"},
        {"uid": "é", "token": "é"},
    ],
)
def test_other_uid_or_token_is_refused(changed: dict[str, str], user: User) -> None:
    response = set_new({**ask(user, BODY), **changed}, BODY)

    assert (response.status_code, response.json()["code"]) == (401, "token_not_valid")


def test_uid_of_another_account_is_refused(user: User) -> None:
    uid = ask(make_user(), BODY)["uid"]

    assert set_new({**ask(user, BODY), "uid": uid}, BODY).status_code == 401


@pytest.mark.parametrize("value", [7, None, ["x"], {"a": 1}, "a\x00b", "x" * 1_001])
@pytest.mark.parametrize("name", ["uid", "token"])
def test_link_of_a_wrong_type_is_named(name: str, value: Any, user: User) -> None:
    response = post("rest_password_reset_set_new", passwords() | {name: value}, BODY)

    assert (response.status_code, set(response.json()["codes"])) == (400, {name})


@pytest.mark.parametrize("body", [[], "token", 7, None, ["token"]])
def test_body_that_is_no_object_is_refused(body: Any, in_body: dict[str, str]) -> None:
    response = post("rest_password_reset_set_new", body, in_body)

    assert response.status_code in {400, 401}


def test_cookie_value_is_no_token_of_a_link(user: User, browser: Browser) -> None:
    post("rest_password_reset", {"email": user.email}, COOKIE)
    path = link_to(user.email)
    browser.get(path)
    value = browser.cookies[PASSWORD_RESET_COOKIE.name].value

    assert set_new({"uid": path.split("/")[-3], "token": value}, BODY).status_code == 401


def test_setting_the_password_costs_no_query_more_in_the_body(user: User) -> None:
    link = ask(user, BODY)

    with statements(14):
        assert set_new(link, BODY).status_code == 200


# Invitations


def invite(address: str) -> None:
    admin = make_user(role=User.Role.ADMIN)
    browser = Browser()
    browser.sign_in(admin.email)
    response = browser.call("post", "rest_user_register", {"email": address, "role": "USER"})
    assert response.status_code == 201


def test_invitation_from_the_fragment_to_being_signed_in(settings: Any) -> None:
    invite("new@example.test")
    settings.JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE = False
    link = in_fragment("new@example.test")

    response = post("rest_set_password", passwords(**link), {})

    assert response.status_code == 200
    assert {"access", "refresh", "device"} <= set(response.json())
    assert not response.cookies
    assert User.objects.get(email="new@example.test").email_verified
    assert post("rest_set_password", passwords(**link), {}).status_code == 401


def test_invitation_follows_the_setting_and_not_the_request_of_the_admin() -> None:
    browser, admin = Browser(), make_user(role=User.Role.ADMIN)
    access = sign_in(admin, BODY).json()["access"]
    phone = {**BODY, "Authorization": f"Bearer {access}"}
    post("rest_user_register", {"email": "new@example.test", "role": "USER"}, phone)

    response = browser.get(link_to("new@example.test"))

    assert (response["Location"], INVITATION_COOKIE.name in response.cookies) == (JOIN, True)


def test_tokens_of_the_two_links_are_not_exchangeable(user: User, settings: Any) -> None:
    settings.JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE = False
    reset = ask(user, {})
    invite("new@example.test")
    invitation = in_fragment("new@example.test")

    assert post("rest_set_password", passwords(**reset), {}).status_code == 401
    assert set_new(invitation, {}).status_code == 401


# Races


@pytest.mark.django_db(transaction=True)
def test_of_the_token_and_the_cookie_of_one_account_exactly_one_wins(
    user: User, settings: Any
) -> None:
    browser = Browser()
    link = ask(user, BODY)
    post("rest_password_reset", {"email": user.email}, COOKIE)
    browser.get(link_to(user.email))

    def use(number: int) -> int:
        if number:
            return int(set_new(link, BODY).status_code)
        return int(browser.set_password("rest_password_reset_set_new", NEW).status_code)

    assert sorted(at_once(2, use)) == [200, 401]


@pytest.mark.django_db(transaction=True)
def test_of_several_requests_with_one_token_exactly_one_wins(user: User) -> None:
    link = ask(user, BODY)

    statuses = at_once(4, lambda _: int(set_new(link, BODY).status_code))

    assert sorted(statuses) == [200, 401, 401, 401]
