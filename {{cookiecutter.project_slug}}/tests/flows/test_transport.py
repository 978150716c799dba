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
from tests.authenticator import Held
from tests.client import Browser
from tests.clock import later
from tests.flows.steps import challenge_for, refusal, signed_in_admin
from tests.mailbox import emails_to, link_to
from tests.people import NEW_PASSWORD, PASSWORD, make_user
from tests.queries import statements
from tests.races.concurrency import at_once

pytestmark = pytest.mark.django_db

BODY, COOKIE = {TRANSPORT_HEADER: "body"}, {TRANSPORT_HEADER: "cookie"}
EVIL = {"Origin": "https://evil.example"}
RESET = "https://app.example.test/reset"
JOIN = "https://app.example.test/join"
GUEST = "new@example.test"
NOT_VALID = (401, "token_not_valid")


@pytest.fixture(autouse=True)
def _front_end(settings: Any) -> None:
    settings.PASSWORD_RESET_REDIRECT, settings.PASSWORD_SET_REDIRECT = RESET, JOIN
    settings.JWT_ALLAUTH_INVITATIONS = True


@pytest.fixture
def phone() -> Browser:
    """Chooses bodies, where cookies are the default."""
    return Browser(headers=BODY)


@pytest.fixture(params=["chosen", "default"])
def in_body(request: pytest.FixtureRequest, settings: Any) -> Browser:
    """In body transport, which may be the default."""
    settings.JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE = request.param == "chosen"
    return Browser(headers=BODY if request.param == "chosen" else {})


@pytest.fixture(params=["chosen", "default"])
def in_cookies(request: pytest.FixtureRequest, settings: Any) -> Browser:
    """In cookie transport, which may be the default."""
    settings.JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE = request.param == "default"
    return Browser(headers=COOKIE if request.param == "chosen" else {})


def refresh(browser: Browser, token: Any, **headers: str) -> Any:
    """With a token in the body."""
    return browser.call("post", "token_refresh", {"refresh": token}, headers=headers)


def in_fragment(address: str) -> dict[str, str]:
    """``uid`` and ``token`` of the newest link to the front end."""
    body = str(emails_to(address)[-1].body)
    found = re.search(r"^https://app\.example\.test/\S+$", body, re.MULTILINE)
    assert found, body
    return {name: value for name, [value] in parse_qs(urlsplit(found[0]).fragment).items()}


def ask(phone: Browser, user: User) -> dict[str, str]:
    """Requests a reset; returns the link that the front end gets."""
    phone.request_reset(user.email)
    return in_fragment(user.email)


# Tokens


def test_sign_in_in_cookies_puts_no_token_but_access_into_the_body(
    user: User, in_cookies: Browser
) -> None:
    response = in_cookies.sign_in(user.email)

    assert set(response.json()) == {"access"}
    assert set(response.cookies) == {REFRESH_COOKIE, DEVICE_COOKIE}


def test_web_application_and_phone_share_a_deployment(
    signed_in: Browser, user: User, phone: Browser
) -> None:
    tokens = phone.sign_in(user.email)
    rotated = refresh(phone, tokens.json()["refresh"])

    assert set(tokens.json()) == {"access", "refresh", "device"}
    assert (rotated.status_code, set(rotated.json())) == (200, {"access", "refresh"})
    assert not tokens.cookies
    assert not rotated.cookies
    assert signed_in.refresh().status_code == 200
    assert Session.objects.filter(user=user).count() == 2


def test_session_may_move_to_the_other_transport_by_its_own_token_only(
    user: User, phone: Browser
) -> None:
    token = phone.sign_in(user.email).json()["refresh"]
    browser = Browser()

    assert refresh(browser, token).status_code == 401
    browser.refresh_token = token
    assert browser.refresh().status_code == 200


def test_device_of_the_body_is_recognised_in_its_header(
    user: User, phone: Browser, settings: Any
) -> None:
    settings.NEW_DEVICE_EMAILS = True
    device = {"X-Known-Device": phone.sign_in(user.email).json()["device"]}
    known = len(emails_to(user.email))

    Browser(headers={**BODY, **device}).sign_in(user.email)
    assert len(emails_to(user.email)) == known
    Browser(headers=device).sign_in(user.email)
    assert len(emails_to(user.email)) == known + 1


def test_sign_in_in_the_body_leaves_the_session_of_the_cookie(
    user: User, signed_in: Browser
) -> None:
    body = {"email": user.email, "password": PASSWORD}
    response = signed_in.call("post", "rest_login", body, headers=BODY)

    assert not response.cookies
    assert signed_in.refresh().status_code == 200


def test_second_factor_answers_in_the_transport_of_its_own_request(
    user: User, held: Held, phone: Browser, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    response = phone.verify(challenge_for(user), held.app.code())

    assert {"access", "refresh"} <= set(response.json())
    assert not response.cookies


@pytest.mark.parametrize("name", ["rest_logout", "rest_logout_all"])
def test_logout_in_the_body_leaves_the_cookie(name: str, user: User, in_body: Browser) -> None:
    token = in_body.sign_in(user.email).json()["refresh"]

    response = in_body.call("post", name, {"refresh": token})

    assert response.status_code == 200
    assert not response.cookies
    assert not Session.objects.exists()


def test_signing_the_own_device_out_in_the_body_leaves_the_cookie(
    user: User, phone: Browser
) -> None:
    phone.sign_in(user.email)

    response = phone.end_session(Session.objects.get().pk)

    assert (response.status_code, len(response.cookies)) == (204, 0)


def test_refresh_costs_one_query_in_the_body_too(user: User, phone: Browser) -> None:
    token = phone.sign_in(user.email).json()["refresh"]

    with statements(1):
        refresh(phone, token)


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

    response = Browser(headers={TRANSPORT_HEADER: value}).call("post", name, body)

    assert refusal(response) == (400, "invalid_transport")
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


@pytest.mark.parametrize("method", ["put", "patch"])
def test_endpoint_without_tokens_does_not_read_the_header(
    method: str, user: User, signed_in: Browser
) -> None:
    body = {"first_name": "Grace", "last_name": "", "email": user.email}

    response = signed_in.call(method, "rest_user_details", body, headers={TRANSPORT_HEADER: "x"})

    assert response.status_code == 200


# Attackers


def test_cookie_is_never_read_in_body_transport(signed_in: Browser, in_body: Browser) -> None:
    in_body.refresh_token = signed_in.refresh_token

    response = in_body.refresh()

    assert refusal(response) == NOT_VALID
    assert not response.cookies


def test_body_is_never_read_in_cookie_transport(signed_in: Browser, in_cookies: Browser) -> None:
    assert refresh(in_cookies, signed_in.refresh_token).status_code == 401
    assert refresh(in_cookies, 7).status_code == 401


@pytest.mark.parametrize("name", ["token_refresh", "rest_logout", "rest_logout_all"])
def test_foreign_origin_is_refused_in_cookie_transport_with_either_default(
    name: str, user: User, in_cookies: Browser
) -> None:
    in_cookies.sign_in(user.email)

    response = in_cookies.call("post", name, {}, headers=EVIL)

    assert refusal(response) == (403, "origin_not_allowed")
    assert Session.objects.exists()


def test_foreign_origin_gets_nothing_of_a_cookie_by_naming_the_body(signed_in: Browser) -> None:
    response = signed_in.refresh(headers={**BODY, **EVIL})

    assert response.status_code == 401
    assert "Access-Control-Allow-Origin" not in response


def test_body_transport_checks_no_origin(user: User, in_body: Browser) -> None:
    token = in_body.sign_in(user.email).json()["refresh"]

    response = refresh(in_body, token, **EVIL)

    assert response.status_code == 200
    assert response.json()["refresh"] != token
    assert not response.cookies


@pytest.mark.parametrize("token", [7, ["x"], {"a": 1}])
def test_refresh_token_of_a_wrong_type_is_refused(token: Any, in_body: Browser) -> None:
    assert refresh(in_body, token).status_code in {400, 401}


def test_cookie_of_a_link_gets_no_token_into_the_body(user: User, phone: Browser) -> None:
    phone.cookies = Browser().open_reset(user.email).cookies

    assert refusal(phone.set_new()) == NOT_VALID
    assert phone.cookies[PASSWORD_RESET_COOKIE.name].value
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_token_of_a_link_in_the_body_is_not_read_in_cookie_transport(
    user: User, phone: Browser
) -> None:
    link = ask(phone, user)

    assert refusal(Browser().set_new(**link)) == NOT_VALID


# Resets


def test_reset_from_the_fragment_to_being_signed_in(user: User, in_body: Browser) -> None:
    response = in_body.set_new(**ask(in_body, user))

    body = response.json()
    assert (response.status_code, set(body)) == (200, {"access", "refresh", "device", "detail"})
    assert not response.cookies
    assert refresh(in_body, body["refresh"]).status_code == 200
    user.refresh_from_db()
    assert user.check_password(NEW_PASSWORD)


def test_reset_in_cookie_transport_has_the_link_of_the_seed(
    user: User, in_cookies: Browser
) -> None:
    in_cookies.request_reset(user.email)

    response = in_cookies.get(link_to(user.email))

    assert (response.status_code, response["Location"]) == (302, RESET)
    assert PASSWORD_RESET_COOKIE.name in response.cookies


def test_built_in_form_works_with_its_csrf_token_where_the_body_is_the_default(
    user: User, browser: Browser, settings: Any
) -> None:
    settings.JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE = False
    settings.PASSWORD_RESET_REDIRECT = ""
    browser.open_reset(user.email)
    csrf = browser.cookies.pop("csrftoken")

    assert refusal(browser.set_new()) == (403, "csrf_failed")
    browser.cookies["csrftoken"] = csrf.value
    assert browser.set_new().status_code == 200


def test_without_a_front_end_the_link_leads_to_the_built_in_form(
    user: User, phone: Browser, browser: Browser, settings: Any
) -> None:
    settings.PASSWORD_RESET_REDIRECT = ""
    phone.request_reset(user.email)

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
    page: str, before_link: str, user: User, phone: Browser, settings: Any
) -> None:
    settings.PASSWORD_RESET_REDIRECT = page
    phone.request_reset(user.email)

    assert f"{before_link}uid=" in str(emails_to(user.email)[-1].body)


def test_owner_who_signs_up_again_on_a_phone_gets_a_link_for_it(user: User, phone: Browser) -> None:
    phone.sign_up(user.email)

    assert phone.set_new(**in_fragment(user.email)).status_code == 200


def test_reset_costs_no_query_more_in_the_body(user: User, phone: Browser) -> None:
    with statements(2):
        phone.request_reset(user.email)
    link = in_fragment(user.email)
    with statements(15):
        phone.set_new(**link)


def test_outbox_holds_no_token(user: User, phone: Browser) -> None:
    link = ask(phone, user)

    assert link["token"] not in str(Mail.objects.values().get())


def test_refused_password_does_not_consume_the_link(user: User, phone: Browser) -> None:
    link = ask(phone, user)

    assert set(phone.set_new("password", **link).json()["codes"]) == {"new_password1"}
    assert phone.set_new(**link).status_code == 200
    assert refusal(phone.set_new(**link)) == NOT_VALID, "but a good one does"


def test_link_used_in_the_body_is_dead_as_a_cookie(user: User, phone: Browser) -> None:
    browser = Browser().open_reset(user.email)
    path = link_to(user.email)
    uid, token = path.rstrip("/").split("/")[-2:]

    assert phone.set_new(uid=uid, token=token).status_code == 200
    assert browser.set_new().status_code == 401
    assert "error=invalid_link" in Browser().get(path)["Location"]


def test_link_used_as_a_cookie_is_dead_in_the_body(user: User, phone: Browser) -> None:
    link = ask(phone, user)

    assert Browser().reset_password(user.email).status_code == 200
    assert phone.set_new(**link).status_code == 401


def test_link_expires(user: User, phone: Browser) -> None:
    link = ask(phone, user)

    with later(3_601):
        assert phone.set_new(**link).status_code == 401


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
def test_other_uid_or_token_is_refused(changed: dict[str, str], user: User, phone: Browser) -> None:
    assert refusal(phone.set_new(**ask(phone, user) | changed)) == NOT_VALID


def test_uid_of_another_account_is_refused(user: User, phone: Browser) -> None:
    uid = ask(phone, make_user())["uid"]

    assert phone.set_new(**ask(phone, user) | {"uid": uid}).status_code == 401


@pytest.mark.parametrize("value", [7, None, ["x"], {"a": 1}, "a\x00b", "x" * 1_001])
@pytest.mark.parametrize("name", ["uid", "token"])
def test_link_of_a_wrong_type_is_named(name: str, value: Any, phone: Browser) -> None:
    response = phone.set_new(**{name: value})

    assert (response.status_code, set(response.json()["codes"])) == (400, {name})


@pytest.mark.parametrize("body", [[], "token", 7, None, ["token"]])
def test_body_that_is_no_object_is_refused(body: Any, in_body: Browser) -> None:
    response = in_body.call("post", "rest_password_reset_set_new", body)

    assert response.status_code in {400, 401}


def test_cookie_value_is_no_token_of_a_link(user: User, phone: Browser) -> None:
    browser = Browser().open_reset(user.email)
    uid = link_to(user.email).split("/")[-3]
    value = browser.cookies[PASSWORD_RESET_COOKIE.name].value

    assert phone.set_new(uid=uid, token=value).status_code == 401


# Invitations


def test_invitation_from_the_fragment_to_being_signed_in(browser: Browser, settings: Any) -> None:
    signed_in_admin().invite(GUEST)
    settings.JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE = False
    link = in_fragment(GUEST)

    response = browser.accept(**link)

    assert response.status_code == 200
    assert {"access", "refresh", "device"} <= set(response.json())
    assert not response.cookies
    assert User.objects.get(email=GUEST).email_verified
    assert browser.accept(**link).status_code == 401


def test_invitation_follows_the_setting_and_not_the_request_of_the_admin(phone: Browser) -> None:
    phone.sign_in(make_user(role=User.Role.ADMIN).email)
    phone.invite(GUEST)

    response = Browser().get(link_to(GUEST))

    assert (response["Location"], INVITATION_COOKIE.name in response.cookies) == (JOIN, True)


def test_tokens_of_the_two_links_are_not_exchangeable(
    user: User, browser: Browser, settings: Any
) -> None:
    signed_in_admin().invite(GUEST)
    settings.JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE = False
    reset, invitation = ask(browser, user), in_fragment(GUEST)

    assert browser.accept(**reset).status_code == 401
    assert browser.set_new(**invitation).status_code == 401


# Races


@pytest.mark.django_db(transaction=True)
def test_of_the_token_and_the_cookie_of_one_account_exactly_one_wins(
    user: User, phone: Browser
) -> None:
    link = ask(phone, user)
    browser = Browser().open_reset(user.email)
    uses = [browser.set_new, lambda: phone.set_new(**link)]

    assert sorted(at_once(2, lambda number: uses[number]().status_code)) == [200, 401]


@pytest.mark.django_db(transaction=True)
def test_of_several_requests_with_one_token_exactly_one_wins(user: User, phone: Browser) -> None:
    link = ask(phone, user)

    statuses = at_once(4, lambda _: Browser(headers=BODY).set_new(**link).status_code)

    assert sorted(statuses) == [200, 401, 401, 401]
