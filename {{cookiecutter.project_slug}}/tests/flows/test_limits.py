"""Limits on every endpoint, by address and by account."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.api.cookies import DEVICE_COOKIE
from accounts.models import User
from accounts.services.passwords import recognised_devices
from config.settings.throttling import DEFAULT_RATES
from core import digests
from mail.models import Mail
from tests.authenticator import Held
from tests.client import Browser
from tests.clock import later
from tests.limits import Rates, stranger
from tests.mailbox import link_to
from tests.people import PASSWORD, CheapPasswordHasher, make_user

pytestmark = pytest.mark.django_db

WRONG = "not the password"


def statuses(number: int, call: Callable[[], Any]) -> list[int]:
    return [call().status_code for _ in range(number)]


def guess(email: str, *, times: int = 1, **options: Any) -> list[int]:
    """From an address of its own each time, as a botnet does."""
    return [stranger(n, **options).sign_in(email, WRONG).status_code for n in range(times)]


# What an answer says


def test_refusal_says_when_to_come_back(user: User, rates: Rates) -> None:
    rates(login="2/min")
    statuses(2, lambda: stranger().sign_in(user.email, WRONG))

    response = stranger().sign_in(user.email)

    assert (response.status_code, response.json()["code"]) == (429, "throttled")
    assert 55 <= int(response["Retry-After"]) <= 60
    assert response["RateLimit-Policy"] == '"login";q=2;w=60'
    assert response["RateLimit"] == f'"login";r=0;t={response["Retry-After"]}'


def test_answers_name_the_limits_that_hold(user: User, rates: Rates) -> None:
    rates(anon="100/min", login="10/min", login_account="5/hour", user="200/min")

    response = stranger().sign_in(user.email)

    assert response["RateLimit-Policy"] == '"anon";q=100;w=60, "login";q=10;w=60'
    assert "RateLimit" not in response


def test_limit_of_an_account_is_named_where_it_is_reached(user: User, rates: Rates) -> None:
    rates(login="10/min", login_account="1/hour")
    guess(user.email)

    response = stranger(7).sign_in(user.email)

    assert response["RateLimit-Policy"] == '"login";q=10;w=60, "login_account";q=1;w=3600'
    assert response["RateLimit"].startswith('"login_account";r=0;t=')
    assert int(response["Retry-After"]) > 3_500


def test_what_the_limit_of_an_account_refuses_has_counted_for_the_address(
    user: User, rates: Rates
) -> None:
    rates(login="2/min", login_account="1/hour")
    assert statuses(2, lambda: stranger().sign_in(user.email, WRONG)) == [401, 429]

    response = stranger().sign_in("somebody.else@example.test", WRONG)

    assert response["RateLimit"].startswith('"login";r=0;t=')


def test_pages_and_endpoints_share_the_limit_of_an_address(rates: Rates) -> None:
    rates(anon="2/min")
    path = reverse("account_confirm_email", kwargs={"key": "nonsense"})
    stranger().get(path)
    ask = {"email": "nobody@example.test"}
    stranger().call("post", "rest_password_reset", ask)

    assert stranger().get(path).status_code == 429
    assert stranger().call("post", "rest_password_reset", ask).status_code == 429


def test_limit_is_over_when_it_said_so(user: User, rates: Rates) -> None:
    rates(login="1/min")
    stranger().sign_in(user.email)
    wait = int(stranger().sign_in(user.email)["Retry-After"])

    with later(wait):
        assert stranger().sign_in(user.email).status_code == 200


# Whom it counts


def test_addresses_are_counted_apart(user: User, rates: Rates) -> None:
    rates(login="1/min")
    stranger(1).sign_in(user.email)

    assert stranger(1).sign_in(user.email).status_code == 429
    assert stranger(2).sign_in(user.email).status_code == 200


@pytest.mark.parametrize(("trusted", "passed"), [(0, 2), (1, 5)])
def test_forged_header_makes_nobody_another_client(
    trusted: int, passed: int, user: User, rates: Rates, settings: Any
) -> None:
    settings.TRUSTED_PROXY_COUNT = trusted
    rates(login="2/min")

    def sign_in(number: int) -> int:
        headers = {"X-Forwarded-For": f"203.0.113.{number}"}
        browser = stranger(headers=headers)
        return int(browser.sign_in(user.email).status_code)

    assert [sign_in(number) for number in range(5)].count(200) == passed


def test_what_a_client_writes_before_the_proxy_does_not_count(
    user: User, rates: Rates, settings: Any
) -> None:
    settings.TRUSTED_PROXY_COUNT = 1
    rates(login="2/min")

    def sign_in(number: int) -> int:
        browser = stranger(headers={"X-Forwarded-For": f"203.0.113.{number}, 198.51.100.9"})
        return int(browser.sign_in(user.email).status_code)

    assert [sign_in(number) for number in range(4)] == [200, 200, 429, 429]


def test_one_ipv6_line_is_one_client(user: User, rates: Rates) -> None:
    rates(login="1/min")
    Browser(REMOTE_ADDR="2001:db8::1").sign_in(user.email)

    assert Browser(REMOTE_ADDR="2001:db8::2").sign_in(user.email).status_code == 429
    assert Browser(REMOTE_ADDR="2001:db8:0:1::1").sign_in(user.email).status_code == 200


def test_people_who_are_signed_in_are_counted_by_account(
    signed_in: Browser, sign_in: Callable[[], Browser], rates: Rates
) -> None:
    other_device = sign_in()
    rates(user="3/min", anon="1/min")

    assert statuses(3, lambda: signed_in.call("get", "rest_user_details")) == [200] * 3
    assert other_device.call("get", "rest_user_details").status_code == 429
    somebody_else = Browser()
    somebody_else.sign_in(make_user().email)
    assert somebody_else.call("get", "rest_user_details").status_code == 200


# Each endpoint's own


def body_of(name: str) -> dict[str, Any]:
    fields = {
        "rest_login": {"email": "a@example.test", "password": WRONG},
        "rest_password_reset": {"email": "a@example.test"},
        "rest_password_change": {"old_password": WRONG},
        "jwt_allauth_mfa_deactivate": {"password": WRONG},
    }
    return fields.get(name, {})


SCOPES = {
    "rest_login": "login",
    "token_refresh": "refresh",
    "rest_register": "registration",
    "rest_password_reset": "password_reset",
    "rest_password_reset_set_new": "set_password",
    "rest_set_password": "set_password",
    "rest_password_change": "password_change",
    "rest_user_register": "invitation",
    "jwt_allauth_mfa_setup": "mfa",
    "jwt_allauth_mfa_activate": "mfa",
    "jwt_allauth_mfa_verify": "mfa",
    "jwt_allauth_mfa_verify_recovery": "mfa",
    "jwt_allauth_mfa_deactivate": "mfa",
}


@pytest.mark.parametrize(("name", "scope"), SCOPES.items())
def test_endpoint_has_a_limit_of_its_own(
    name: str, scope: str, rates: Rates, settings: Any
) -> None:
    settings.JWT_ALLAUTH_INVITATIONS = True
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    browser = Browser()
    browser.sign_in(make_user(role=User.Role.ADMIN).email)
    rates(**{scope: "2/min"})

    answers = [browser.call("post", name, body_of(name)) for _ in range(3)]

    assert 429 not in [answer.status_code for answer in answers[:2]]
    assert answers[2].status_code == 429
    assert answers[2]["RateLimit"].startswith(f'"{scope}"')


@pytest.mark.parametrize("name", ["rest_set_password", "rest_password_reset_set_new"])
def test_set_password_is_throttled_with_user_rate_throttle(
    name: str, rates: Rates, settings: Any
) -> None:
    settings.JWT_ALLAUTH_INVITATIONS = True
    rates(user="1/min")

    assert statuses(2, lambda: stranger().call("post", name, {})) == [401, 429]


@pytest.mark.parametrize(
    ("method", "path"),
    [("get", "session_list"), ("get", "rest_user_details"), ("post", "rest_logout_all")],
)
def test_limit_of_people_holds_everywhere(
    method: str, path: str, signed_in: Browser, rates: Rates
) -> None:
    rates(user="1/min")
    signed_in.call("get", "rest_user_details")

    assert signed_in.call(method, path, {}).status_code == 429


def test_what_is_switched_off_is_not_even_throttled(rates: Rates, settings: Any) -> None:
    settings.JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION = True
    rates(anon="1/min", registration="1/min")

    assert statuses(3, lambda: stranger().call("post", "rest_register", {})) == [404] * 3


def test_links_are_limited_with_a_page(rates: Rates) -> None:
    rates(anon="2/min")
    path = reverse("account_confirm_email", kwargs={"key": "nonsense"})

    assert statuses(2, lambda: stranger().get(path)) == [400, 400]
    response = stranger().get(path)
    assert response.status_code == 429
    assert "text/html" in response["Content-Type"]
    assert int(response["Retry-After"]) > 50


# By account


def test_guesses_at_a_password_are_counted_whoever_sends_them(user: User, rates: Rates) -> None:
    rates(login_account="3/hour")

    assert guess(user.email.upper(), times=5) == [401, 401, 401, 429, 429]


def test_right_password_is_not_looked_at_any_more(user: User, rates: Rates) -> None:
    rates(login_account="3/hour")
    guess(user.email, times=3)

    assert stranger(9).sign_in(user.email).status_code == 429
    assert stranger(9).sign_in(make_user().email).status_code == 200


@pytest.mark.parametrize("known", [True, False])
def test_limit_does_not_tell_whether_an_address_is_known(
    known: bool, user: User, rates: Rates
) -> None:
    rates(login_account="2/hour", password_reset_account="2/hour", registration_account="2/hour")
    address = user.email if known else "nobody@example.test"

    assert guess(address, times=3) == [401, 401, 429]
    ask = {"email": address}
    assert statuses(3, lambda: stranger().call("post", "rest_password_reset", ask)) == [
        *(200, 200, 429)
    ]
    assert statuses(3, lambda: stranger().sign_up(address)) == [201, 201, 429]


def test_success_begins_anew(user: User, rates: Rates) -> None:
    rates(login_account="3/hour")
    guess(user.email, times=2)
    assert stranger(8).sign_in(user.email).status_code == 200

    assert guess(user.email, times=3) == [401] * 3


def test_owner_gets_in_on_a_known_device_while_strangers_guess(
    signed_in: Browser, user: User, rates: Rates
) -> None:
    rates(login_account="3/hour")
    assert guess(user.email, times=20)[3:] == [429] * 17

    assert signed_in.sign_in(user.email).status_code == 200
    assert signed_in.sign_in(user.email).status_code == 200
    assert stranger(9).sign_in(user.email).status_code == 429, "the strangers' count goes on"


def test_owner_gets_in_on_a_known_device_in_body_mode(
    user: User, rates: Rates, settings: Any
) -> None:
    settings.JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE = False
    device = stranger().sign_in(user.email).json()["device"]
    rates(login_account="3/hour")
    guess(user.email, times=3)

    known = stranger(headers={"X-Known-Device": device})
    in_a_cookie = stranger()
    in_a_cookie.cookies[DEVICE_COOKIE] = device

    assert known.sign_in(user.email).status_code == 200
    assert in_a_cookie.sign_in(user.email).status_code == 429, "each mode reads its own carrier"


def test_owner_gets_in_by_a_reset_without_a_known_device(user: User, rates: Rates) -> None:
    rates(login_account="3/hour")
    guess(user.email, times=4)
    owner = stranger(9)
    owner.call("post", "rest_password_reset", {"email": user.email})
    owner.get(link_to(user.email))

    response = owner.set_password("rest_password_reset_set_new", "another good pass phrase")

    assert response.status_code == 200
    assert owner.sign_in(user.email, "another good pass phrase").status_code == 200


@pytest.mark.parametrize("as_cookie", [True, False])
def test_owner_of_a_second_factor_gets_in_by_a_reset_too(
    as_cookie: bool, user: User, held: Held, rates: Rates, settings: Any
) -> None:
    """The built-in page leads to the sign-in, whose guesses the strangers have used up."""
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    settings.JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE = as_cookie
    rates(login_account="3/hour")
    guess(user.email, times=4)
    owner = stranger(9)
    owner.call("post", "rest_password_reset", {"email": user.email})
    owner.get(link_to(user.email))
    answer = owner.set_password("rest_password_reset_set_new", "another good pass phrase").json()
    if not as_cookie:
        owner.defaults["HTTP_X_KNOWN_DEVICE"] = answer["device"]

    assert answer["mfa_required"]
    response = owner.sign_in(user.email, "another good pass phrase")
    assert response.json().keys() == {"mfa_required", "challenge_id"}


def test_known_device_is_limited_too(signed_in: Browser, user: User, rates: Rates) -> None:
    rates(login_account="3/hour")

    answers = statuses(5, lambda: signed_in.sign_in(user.email, WRONG))

    assert answers == [401, 401, 401, 429, 429]


def test_known_device_of_one_account_is_not_one_of_another(
    signed_in: Browser, rates: Rates
) -> None:
    other = make_user()
    rates(login_account="3/hour")
    guess(other.email, times=3)

    assert signed_in.sign_in(other.email).status_code == 429


def test_new_password_makes_every_device_an_unknown_one(
    signed_in: Browser, user: User, rates: Rates
) -> None:
    user.set_password("another good pass phrase")
    user.save()
    rates(login_account="3/hour")
    guess(user.email, times=3)

    assert signed_in.sign_in(user.email, "another good pass phrase").status_code == 429


WAYS_TO_TYPE_THE_PASSWORD = {
    "rest_password_change": {
        "old_password": WRONG,
        "new_password1": "another good pass phrase",
        "new_password2": "another good pass phrase",
    },
    "jwt_allauth_mfa_deactivate": {"password": WRONG},
}


@pytest.mark.parametrize("name", WAYS_TO_TYPE_THE_PASSWORD)
def test_wrong_passwords_of_somebody_signed_in_are_counted(
    name: str, signed_in: Browser, held: Held, user: User, rates: Rates, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    rates(password_check_account="2/hour")
    body = WAYS_TO_TYPE_THE_PASSWORD[name]

    assert statuses(3, lambda: signed_in.call("post", name, body)) == [400, 400, 429]
    right = dict.fromkeys(("old_password", "password"), PASSWORD)
    assert signed_in.call("post", name, {**body, **right}).status_code == 429


def test_addresses_that_are_asked_for_are_counted(signed_in: Browser, rates: Rates) -> None:
    rates(email_change="2/hour")

    def ask(number: int) -> int:
        body = {"email": f"new{number}@example.test"}
        return int(signed_in.call("patch", "rest_user_details", body).status_code)

    assert [ask(number) for number in range(3)] == [200, 200, 429]
    assert Mail.objects.filter(kind="email_change").count() == 2


def test_variants_of_an_address_are_one_mailbox(rates: Rates) -> None:
    rates(registration_account="2/hour", password_reset_account="2/hour")

    def ask(number: int) -> int:
        address = f"victim+{number}@example.test"
        response = stranger().call("post", "rest_password_reset", {"email": address})
        return int(response.status_code)

    assert [ask(number) for number in range(3)] == [200, 200, 429]
    signed_up = [stranger().sign_up(f"victim+{n}@example.test").status_code for n in range(3)]
    assert signed_up == [201, 201, 429]


def test_one_address_is_not_asked_for_by_everybody(rates: Rates) -> None:
    rates(email_change_account="2/hour")

    def ask() -> Any:
        browser = Browser()
        browser.sign_in(make_user().email)
        return browser.call("patch", "rest_user_details", {"email": "victim@example.test"})

    assert statuses(3, ask) == [200, 200, 429]


def test_one_address_is_not_invited_time_and_again(rates: Rates, settings: Any) -> None:
    settings.JWT_ALLAUTH_INVITATIONS = True
    admin = Browser()
    admin.sign_in(make_user(role=User.Role.ADMIN).email)
    rates(invitation_account="2/hour")
    invitation = {"email": "new@example.test", "role": "USER"}

    assert statuses(3, lambda: admin.call("post", "rest_user_register", invitation)) == [
        *(201, 201, 429)
    ]


MADE_UP = "~".join(f"{number:032x}.9999999999.{number:032x}" for number in range(5))
"""As many tokens as are read, none of them ours."""


def work(monkeypatch: pytest.MonkeyPatch, action: Callable[[], Any]) -> Counter[str]:
    """How many digests and password hashes it makes."""
    done: Counter[str] = Counter()

    def count(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **options: Any) -> Any:
            done[name] += 1
            return function(*args, **options)

        return counted

    with monkeypatch.context() as patch:
        patch.setattr(digests, "salted_hmac", count("digest", salted_hmac))
        for name in ("encode", "verify"):
            method = getattr(CheapPasswordHasher, name)
            patch.setattr(CheapPasswordHasher, name, count(name, method))
        action()
    return done


@pytest.mark.parametrize("path", ["/api/auth/login/", "/admin/login/"])
@pytest.mark.parametrize("is_limited", [False, True])
@pytest.mark.parametrize("fallbacks", [[], ["a-former-secret-key-of-the-tests"]])
def test_made_up_device_makes_as_much_work_for_an_unknown_address(
    path: str,
    is_limited: bool,
    fallbacks: list[str],
    user: User,
    rates: Rates,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.SECRET_KEY_FALLBACKS = fallbacks
    guess("warm@example.test")
    rates(login_account="1/hour")

    def sign_in(email: str) -> None:
        browser = Client(REMOTE_ADDR="198.51.100.1")
        browser.cookies[DEVICE_COOKIE] = MADE_UP
        if path.startswith("/admin"):
            browser.post(path, {"username": email, "password": WRONG})
        else:
            body = {"email": email, "password": WRONG}
            browser.post(path, body, content_type="application/json")

    addresses = (user.email, "nobody@example.test")
    for email in addresses if is_limited else ():
        guess(email)
    known, unknown = (work(monkeypatch, partial(sign_in, email)) for email in addresses)

    assert known["digest"] >= 5 * (1 + len(fallbacks))
    assert known["digest"] == unknown["digest"]
    assert sum(known.values()) == sum(unknown.values())


# While Redis is unavailable


def test_flood_of_empty_logins_lifts_no_guard(user: User, rates: Rates, settings: Any) -> None:
    """5,200 networks of one /48."""
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"
    rates(anon="300/min", login="20/min", login_account="3/hour")
    assert guess(user.email, times=4) == [401, 401, 401, 429]

    for network in range(5_200):
        browser = Browser(REMOTE_ADDR=f"2001:db8:0:{network:x}::1")
        assert browser.call("post", "rest_login", {}).status_code == 400

    assert guess(user.email) == [429]


# By mailbox


def reset_for(address: str) -> Any:
    return stranger().call("post", "rest_password_reset", {"email": address})


def sign_up_with(address: str) -> Any:
    return stranger().sign_up(address)


def invite(address: str) -> Any:
    admin = Browser()
    admin.sign_in(make_user(role=User.Role.ADMIN).email)
    return admin.call("post", "rest_user_register", {"email": address, "role": "USER"})


def move_to(address: str) -> Any:
    browser = Browser()
    browser.sign_in(make_user().email)
    return browser.call("patch", "rest_user_details", {"email": address})


WAYS_TO_CAUSE_AN_E_MAIL = [reset_for, sign_up_with, invite, move_to]


@pytest.mark.parametrize("last", WAYS_TO_CAUSE_AN_E_MAIL)
def test_one_mailbox_gets_so_many_e_mails_over_all_ways(
    last: Callable[[str], Any], rates: Rates, settings: Any
) -> None:
    settings.JWT_ALLAUTH_INVITATIONS = True
    rates(mailbox_account="4/hour")

    answers = [
        way(f"victim+{n}@bücher.example").status_code
        for n, way in enumerate(WAYS_TO_CAUSE_AN_E_MAIL)
    ]
    refusal = last("victim@xn--bcher-kva.example")

    assert answers == [200, 201, 201, 200]
    assert (refusal.status_code, refusal.json()["code"]) == (429, "throttled")
    assert int(refusal["Retry-After"]) > 3_500
    assert refusal["RateLimit"].startswith('"mailbox_account";r=0;t=')
    told = Mail.objects.filter(recipient__startswith="victim")
    assert told.count() == 4


@pytest.mark.parametrize("way", [reset_for, sign_up_with])
def test_limit_of_a_mailbox_does_not_tell_whether_it_has_an_account(
    way: Callable[[str], Any], user: User, rates: Rates
) -> None:
    rates(mailbox_account="1/hour")

    for address in (user.email, "nobody@example.test"):
        assert [way(address).status_code for _ in range(2)][1] == 429


def test_notices_to_the_owner_do_not_count(user: User, rates: Rates, settings: Any) -> None:
    settings.NEW_DEVICE_EMAILS = True
    rates(mailbox_account="1/hour")
    reset_for(user.email)
    assert reset_for(user.email).status_code == 429

    browser = Browser()
    browser.sign_in(user.email)
    browser.call("patch", "rest_user_details", {"email": "new@example.test"})

    kinds = set(Mail.objects.filter(recipient=user.email).values_list("kind", flat=True))
    assert kinds == {"password_reset", "new_device", "email_change_asked"}


def test_what_one_limit_refuses_counts_in_no_other(user: User, rates: Rates) -> None:
    rates(mailbox_account="2/hour", password_reset_account="1/hour")

    assert statuses(3, lambda: reset_for(user.email)) == [200, 429, 429]
    assert statuses(2, lambda: sign_up_with(user.email)) == [201, 429]


def test_default_lets_five_an_hour_reach_one_mailbox() -> None:
    assert DEFAULT_RATES["mailbox_account"] == "5/hour"


# New devices


def test_new_device_is_told_to_the_owner_and_a_known_one_is_not(
    signed_in: Browser, user: User, rates: Rates, settings: Any
) -> None:
    settings.NEW_DEVICE_EMAILS = True

    signed_in.sign_in(user.email)
    assert not Mail.objects.exists()
    stranger(5).sign_in(user.email)

    letter = Mail.objects.get()
    assert (letter.kind, letter.recipient) == ("new_device", user.email)
    assert letter.parameters == {"ip": "198.51.100.5"}


def test_script_without_cookies_does_not_flood_its_owner(
    user: User, rates: Rates, settings: Any
) -> None:
    settings.NEW_DEVICE_EMAILS = True
    rates(new_device_account="2/day")

    assert statuses(4, lambda: stranger().sign_in(user.email)) == [200] * 4

    assert Mail.objects.filter(kind="new_device").count() == 2


def test_owner_who_knows_already_gets_no_letter_about_the_device(
    browser: Browser, settings: Any
) -> None:
    settings.NEW_DEVICE_EMAILS = True
    settings.EMAIL_VERIFICATION = "none"

    assert browser.sign_up("new@example.test").status_code == 201

    assert not Mail.objects.exists()


def test_letters_can_be_switched_off(signed_in: Browser, user: User, settings: Any) -> None:
    settings.NEW_DEVICE_EMAILS = settings.REPLAY_EMAILS = False
    settings.JWT_ALLAUTH_REFRESH_REUSE_LEEWAY = 0
    stolen = signed_in.refresh_token
    signed_in.refresh()
    thief = stranger()
    thief.refresh_token = stolen

    assert thief.refresh().status_code == 401
    thief.sign_in(user.email)
    assert not Mail.objects.exists()


def test_two_people_at_one_browser_are_both_known_there(
    browser: Browser, rates: Rates, settings: Any
) -> None:
    ada, bob = make_user(), make_user()
    for person in (ada, bob):
        browser.sign_in(person.email)
    settings.NEW_DEVICE_EMAILS = True
    rates(login_account="3/hour", new_device_account="5/day")
    for person in (ada, bob):
        guess(person.email, times=3)

    assert [browser.sign_in(person.email).status_code for person in (ada, bob, ada)] == [200] * 3
    assert not Mail.objects.exists()


def test_hash_that_is_made_anew_leaves_the_device_known(
    real_hashes: None, browser: Browser, user: User, settings: Any
) -> None:
    old = PBKDF2PasswordHasher().encode(PASSWORD, "salt", iterations=1)
    User.objects.filter(pk=user.pk).update(password=old)
    user.refresh_from_db()
    browser.cookies[DEVICE_COOKIE] = recognised_devices.issue(
        user_id=user.pk, password_hash=old, now=timezone.now()
    )
    settings.NEW_DEVICE_EMAILS = True

    for _ in range(2):
        assert browser.sign_in(user.email).status_code == 200

    assert not Mail.objects.exists()


def test_replay_is_told_to_the_owner(signed_in: Browser, user: User, settings: Any) -> None:
    settings.JWT_ALLAUTH_REFRESH_REUSE_LEEWAY = 0
    stolen = signed_in.refresh_token
    signed_in.refresh()
    thief = stranger(6)
    thief.refresh_token = stolen

    thief.refresh()

    letter = Mail.objects.get()
    assert (letter.kind, letter.recipient) == ("refresh_replayed", user.email)
    assert letter.parameters == {"ip": "198.51.100.6"}


# The rates


def test_every_scope_of_a_view_has_a_rate() -> None:
    assert set(SCOPES.values()) <= DEFAULT_RATES.keys()


def test_limits_that_nobody_set_do_not_hold(user: User, rates: Rates) -> None:
    rates()

    assert statuses(20, lambda: stranger().sign_in(user.email, WRONG)) == [401] * 20
