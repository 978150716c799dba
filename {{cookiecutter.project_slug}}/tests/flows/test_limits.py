"""Rate limits on every endpoint, by network address, by account and by mailbox."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.urls import reverse
from django.utils import timezone

from accounts.api.cookies import DEVICE_COOKIE
from accounts.models import User
from accounts.services.passwords import recognised_devices
from mail.models import Mail
from tests.authenticator import Held
from tests.client import Browser
from tests.clock import later
from tests.flows.steps import refusal, signed_in_admin, signed_in_as, with_token
from tests.limits import Rates, stranger
from tests.people import NEW_PASSWORD, PASSWORD, make_user, save

pytestmark = pytest.mark.django_db

WRONG = "not the password"


def statuses(number: int, call: Callable[[], Any]) -> list[int]:
    return [call().status_code for _ in range(number)]


def guess(email: str, *, times: int = 1) -> list[int]:
    """From a network address of its own each time, as a botnet does."""
    return [stranger(n).sign_in(email, WRONG).status_code for n in range(times)]


# What an answer says


def test_refusal_says_when_to_try_again(user: User, rates: Rates) -> None:
    rates(login="2/min")
    statuses(2, lambda: stranger().sign_in(user.email, WRONG))

    response = stranger().sign_in(user.email)

    assert refusal(response) == (429, "throttled")
    wait = int(response["Retry-After"])
    assert 55 <= wait <= 60
    assert response["RateLimit-Policy"] == '"login";q=2;w=60'
    assert response["RateLimit"] == f'"login";r=0;t={wait}'
    with later(wait):
        assert stranger().sign_in(user.email).status_code == 200


def test_answer_names_the_limits_of_the_address(user: User, rates: Rates) -> None:
    rates(anon="100/min", login="10/min", login_account="5/hour", user="200/min")

    response = stranger().sign_in(user.email)

    assert response["RateLimit-Policy"] == '"anon";q=100;w=60, "login";q=10;w=60'
    assert "RateLimit" not in response


def test_limit_of_an_account_is_named_where_it_is_exceeded(user: User, rates: Rates) -> None:
    rates(login="10/min", login_account="1/hour")
    guess(user.email)

    response = stranger(7).sign_in(user.email)

    assert response["RateLimit-Policy"] == '"login";q=10;w=60, "login_account";q=1;w=3600'
    assert response["RateLimit"].startswith('"login_account";r=0;t=')
    assert int(response["Retry-After"]) > 3_500


def test_request_over_the_limit_of_an_account_counts_for_its_ip(user: User, rates: Rates) -> None:
    rates(login="2/min", login_account="1/hour")
    assert statuses(2, lambda: stranger().sign_in(user.email, WRONG)) == [401, 429]

    response = stranger().sign_in("somebody.else@example.test", WRONG)

    assert response["RateLimit"].startswith('"login";r=0;t=')


def test_pages_and_endpoints_share_the_limit_of_an_address(rates: Rates) -> None:
    rates(anon="2/min")
    path = reverse("account_confirm_email", kwargs={"key": "nonsense"})
    assert stranger().get(path).status_code == 400
    stranger().request_reset("nobody@example.test")

    page = stranger().get(path)

    assert page.status_code == 429
    assert "text/html" in page["Content-Type"]
    assert int(page["Retry-After"]) > 50
    assert stranger().request_reset("nobody@example.test").status_code == 429


# By network address


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        ("198.51.100.1", "198.51.100.1", True),
        ("198.51.100.1", "198.51.100.2", False),
        ("2001:db8::1", "2001:db8::2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
    ],
)
def test_client_is_an_ipv4_address_or_an_ipv6_network(
    first: str, second: str, is_same: bool, user: User, rates: Rates
) -> None:
    rates(login="1/min")
    Browser(REMOTE_ADDR=first).sign_in(user.email)

    response = Browser(REMOTE_ADDR=second).sign_in(user.email)

    assert response.status_code == (429 if is_same else 200)


@pytest.mark.parametrize(
    ("trusted", "forwarded", "passed"),
    [(0, "203.0.113.{}", 2), (1, "203.0.113.{}", 5), (1, "203.0.113.{}, 198.51.100.9", 2)],
    ids=["no proxy", "as the proxy writes it", "as the client wrote it before"],
)
def test_forwarded_address_counts_as_far_as_proxies_are_trusted(
    trusted: int, forwarded: str, passed: int, user: User, rates: Rates, settings: Any
) -> None:
    settings.TRUSTED_PROXY_COUNT = trusted
    rates(login="2/min")

    def sign_in(number: int) -> int:
        browser = stranger(headers={"X-Forwarded-For": forwarded.format(number)})
        return int(browser.sign_in(user.email).status_code)

    assert [sign_in(number) for number in range(5)].count(200) == passed


# By user


def test_users_are_counted_by_account(signed_in: Browser, user: User, rates: Rates) -> None:
    other_device, other_user = signed_in_as(user), signed_in_as(make_user())
    rates(user="3/min", anon="1/min")

    assert statuses(3, lambda: signed_in.call("get", "rest_user_details")) == [200] * 3
    for name in ("session_list", "rest_user_details"):
        assert other_device.call("get", name).status_code == 429
    assert other_device.sign_out_everywhere().status_code == 429
    assert other_user.call("get", "rest_user_details").status_code == 200


@pytest.mark.parametrize("name", ["rest_set_password", "rest_password_reset_set_new"])
def test_set_password_has_the_user_rate_throttle(name: str, rates: Rates, settings: Any) -> None:
    settings.JWT_ALLAUTH_INVITATIONS = True
    rates(user="1/min")

    assert statuses(2, lambda: stranger().call("post", name, {})) == [401, 429]


def test_set_password_counts_in_both_limits_or_in_none(user: User, rates: Rates) -> None:
    client = stranger()
    rates(user="2/min", set_password="1/min")

    post = partial(client.call, "post", "rest_password_reset_set_new", {})
    assert statuses(5, post) == [401, 429, 429, 429, 429]

    rates(user="2/min", set_password="100/min")
    assert statuses(2, post) == [401, 429]


# By endpoint


BODIES = {
    "rest_login": {"email": "a@example.test", "password": WRONG},
    "rest_password_reset": {"email": "a@example.test"},
    "rest_password_change": {"old_password": WRONG},
    "jwt_allauth_mfa_deactivate": {"password": WRONG},
}
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
    "mfa_recovery_codes": "mfa",
}


@pytest.mark.parametrize(("name", "scope"), SCOPES.items())
def test_endpoint_has_its_own_limit(name: str, scope: str, rates: Rates, settings: Any) -> None:
    settings.JWT_ALLAUTH_INVITATIONS = True
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    browser = signed_in_admin()
    rates(**{scope: "2/min"})

    answers = [browser.call("post", name, BODIES.get(name, {})) for _ in range(3)]

    assert 429 not in [answer.status_code for answer in answers[:2]]
    assert answers[2].status_code == 429
    assert answers[2]["RateLimit"].startswith(f'"{scope}"')


def test_disabled_endpoint_is_not_throttled(rates: Rates, settings: Any) -> None:
    settings.JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION = True
    rates(anon="1/min", registration="1/min")

    assert statuses(3, lambda: stranger().call("post", "rest_register", {})) == [404] * 3


def test_limit_without_a_rate_does_not_apply(user: User, rates: Rates) -> None:
    rates()

    assert statuses(20, lambda: stranger().sign_in(user.email, WRONG)) == [401] * 20


# By account


def test_guesses_at_a_password_are_counted_across_addresses(user: User, rates: Rates) -> None:
    rates(login_account="3/hour")

    assert guess(user.email.upper(), times=5) == [401, 401, 401, 429, 429]
    assert stranger(9).sign_in(user.email).status_code == 429, "the right password as well"
    assert stranger(9).sign_in(make_user().email).status_code == 200


@pytest.mark.parametrize("known", [True, False])
def test_limit_does_not_tell_who_has_an_account(known: bool, user: User, rates: Rates) -> None:
    rates(login_account="2/hour", password_reset_account="2/hour", registration_account="2/hour")
    address = user.email if known else "nobody@example.test"

    assert guess(address, times=3) == [401, 401, 429]
    assert statuses(3, lambda: stranger().request_reset(address)) == [200, 200, 429]
    assert statuses(3, lambda: stranger().sign_up(address)) == [201, 201, 429]


def test_success_resets_the_count(user: User, rates: Rates) -> None:
    rates(login_account="3/hour")
    guess(user.email, times=2)
    assert stranger(8).sign_in(user.email).status_code == 200

    assert guess(user.email, times=3) == [401] * 3


def change(browser: Browser, password: str) -> Any:
    return browser.change_password(old_password=password)


@pytest.mark.parametrize("send", [change, Browser.deactivate])
def test_wrong_passwords_of_a_signed_in_user_are_counted(
    send: Callable[..., Any], signed_in: Browser, held: Held, rates: Rates, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    rates(password_check_account="2/hour")

    assert statuses(3, lambda: send(signed_in, WRONG)) == [400, 400, 429]
    assert send(signed_in, PASSWORD).status_code == 429


def test_requested_addresses_are_counted(signed_in: Browser, rates: Rates) -> None:
    rates(email_change="2/hour")

    answers = [signed_in.change_profile(email=f"new{n}@example.test") for n in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert Mail.objects.filter(kind="email_change").count() == 2


# Recognised devices


def test_recognised_device_signs_in_while_strangers_guess(
    signed_in: Browser, user: User, rates: Rates
) -> None:
    rates(login_account="3/hour")
    assert guess(user.email, times=20)[3:] == [429] * 17

    assert statuses(2, lambda: signed_in.sign_in(user.email)) == [200, 200]
    assert stranger(9).sign_in(user.email).status_code == 429, "the strangers' count goes on"


def test_header_carries_the_device_in_body_mode(user: User, rates: Rates, settings: Any) -> None:
    settings.JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE = False
    device = stranger().sign_in(user.email).json()["device"]
    rates(login_account="3/hour")
    guess(user.email, times=3)
    in_a_cookie = stranger()
    in_a_cookie.cookies[DEVICE_COOKIE] = device

    assert stranger(headers={"X-Known-Device": device}).sign_in(user.email).status_code == 200
    assert in_a_cookie.sign_in(user.email).status_code == 429


def test_recognised_device_is_limited_too(signed_in: Browser, user: User, rates: Rates) -> None:
    rates(login_account="3/hour")

    answers = statuses(5, lambda: signed_in.sign_in(user.email, WRONG))

    assert answers == [401, 401, 401, 429, 429]


def test_device_is_recognised_for_its_own_account_only(signed_in: Browser, rates: Rates) -> None:
    other = make_user()
    rates(login_account="3/hour")
    guess(other.email, times=3)

    assert signed_in.sign_in(other.email).status_code == 429


def test_new_password_forgets_the_devices(signed_in: Browser, user: User, rates: Rates) -> None:
    save(user, password=NEW_PASSWORD)
    rates(login_account="3/hour")
    guess(user.email, times=3)

    assert signed_in.sign_in(user.email, NEW_PASSWORD).status_code == 429


def test_owner_signs_in_by_a_reset_without_a_recognised_device(user: User, rates: Rates) -> None:
    rates(login_account="3/hour")
    guess(user.email, times=4)
    owner = stranger(9)

    assert owner.reset_password(user.email).status_code == 200
    assert owner.sign_in(user.email, NEW_PASSWORD).status_code == 200


@pytest.mark.parametrize("as_cookie", [True, False])
def test_owner_with_a_second_factor_signs_in_by_a_reset_too(
    as_cookie: bool, user: User, held: Held, rates: Rates, settings: Any
) -> None:
    """The built-in page leads to the login, whose limit the strangers have exceeded."""
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    settings.JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE = as_cookie
    rates(login_account="3/hour")
    guess(user.email, times=4)
    owner = stranger(9).open_reset(user.email)
    answer = owner.set_new().json()
    if not as_cookie:
        owner.defaults["HTTP_X_KNOWN_DEVICE"] = answer["device"]

    assert answer["mfa_required"]
    response = owner.sign_in(user.email, NEW_PASSWORD)
    assert response.json().keys() == {"mfa_required", "challenge_id"}


def test_limits_go_on_while_redis_is_unavailable(user: User, rates: Rates, settings: Any) -> None:
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"
    rates(login="20/min", login_account="3/hour")
    assert guess(user.email, times=5) == [401, 401, 401, 429, 429]

    with later(3_700):
        guess(user.email, times=2)
        assert stranger(9).sign_in(user.email).status_code == 200, "which resets the count"
        assert guess(user.email, times=3) == [401] * 3


# By mailbox


def reset_for(address: str) -> Any:
    return stranger().request_reset(address)


def sign_up_with(address: str) -> Any:
    return stranger().sign_up(address)


def invite_to(address: str) -> Any:
    return signed_in_admin().invite(address)


def move_to(address: str) -> Any:
    return signed_in_as(make_user()).change_profile(email=address)


WAYS_TO_CAUSE_AN_EMAIL = {
    "password_reset_account": reset_for,
    "registration_account": sign_up_with,
    "invitation_account": invite_to,
    "email_change_account": move_to,
}
each_way = pytest.mark.parametrize(("scope", "way"), WAYS_TO_CAUSE_AN_EMAIL.items())


@each_way
def test_variants_of_an_address_are_one_mailbox(
    scope: str, way: Callable[[str], Any], rates: Rates, settings: Any
) -> None:
    settings.JWT_ALLAUTH_INVITATIONS = True
    rates(**{scope: "2/hour"})

    answers = [way(f"victim+{n}@example.test").status_code for n in range(3)]

    assert answers[:2] in ([200, 200], [201, 201])
    assert answers[2] == 429


@each_way
def test_one_mailbox_gets_so_many_emails_from_all_flows(
    scope: str, way: Callable[[str], Any], rates: Rates, settings: Any
) -> None:
    settings.JWT_ALLAUTH_INVITATIONS = True
    rates(mailbox_account="4/hour")
    for n, cause in enumerate(WAYS_TO_CAUSE_AN_EMAIL.values()):
        assert cause(f"victim+{n}@bücher.example").status_code in {200, 201}

    response = way("victim@xn--bcher-kva.example")

    assert refusal(response) == (429, "throttled")
    assert int(response["Retry-After"]) > 3_500
    assert response["RateLimit"].startswith('"mailbox_account";r=0;t=')
    assert Mail.objects.filter(recipient__startswith="victim").count() == 4


@pytest.mark.parametrize("way", [reset_for, sign_up_with])
def test_limit_of_a_mailbox_does_not_tell_who_has_an_account(
    way: Callable[[str], Any], user: User, rates: Rates
) -> None:
    rates(mailbox_account="1/hour")

    for address in (user.email, "nobody@example.test"):
        assert statuses(2, partial(way, address))[1] == 429


def test_notices_to_the_owner_do_not_count(user: User, rates: Rates, settings: Any) -> None:
    settings.NEW_DEVICE_EMAILS = True
    rates(mailbox_account="1/hour")
    assert statuses(2, lambda: reset_for(user.email)) == [200, 429]

    signed_in_as(user).change_profile(email="new@example.test")

    kinds = set(Mail.objects.filter(recipient=user.email).values_list("kind", flat=True))
    assert kinds == {"password_reset", "new_device", "email_change_asked"}


def test_request_over_one_limit_counts_for_no_other(user: User, rates: Rates) -> None:
    rates(mailbox_account="2/hour", password_reset_account="1/hour")

    assert statuses(3, lambda: reset_for(user.email)) == [200, 429, 429]
    assert statuses(2, lambda: sign_up_with(user.email)) == [201, 429]


# E-mails about devices


def test_owner_is_told_of_a_new_device_and_not_of_a_recognised_one(
    signed_in: Browser, user: User, settings: Any
) -> None:
    settings.NEW_DEVICE_EMAILS = True

    signed_in.sign_in(user.email)
    assert not Mail.objects.exists()
    stranger(5).sign_in(user.email)

    mail = Mail.objects.get()
    assert (mail.kind, mail.recipient) == ("new_device", user.email)
    assert mail.parameters == {"ip": "198.51.100.5"}


def test_script_without_cookies_floods_no_mailbox(user: User, rates: Rates, settings: Any) -> None:
    settings.NEW_DEVICE_EMAILS = True
    rates(new_device_account="2/day")

    assert statuses(4, lambda: stranger().sign_in(user.email)) == [200] * 4

    assert Mail.objects.filter(kind="new_device").count() == 2


def test_sign_up_causes_no_email_about_its_device(browser: Browser, settings: Any) -> None:
    settings.NEW_DEVICE_EMAILS = True
    settings.EMAIL_VERIFICATION = "none"

    assert browser.sign_up("new@example.test").status_code == 201

    assert not Mail.objects.exists()


def test_emails_can_be_switched_off(signed_in: Browser, user: User, settings: Any) -> None:
    settings.NEW_DEVICE_EMAILS = settings.REPLAY_EMAILS = False
    settings.JWT_ALLAUTH_REFRESH_REUSE_LEEWAY = 0
    thief = with_token(signed_in.rotate())

    assert thief.refresh().status_code == 401
    thief.sign_in(user.email)
    assert not Mail.objects.exists()


def test_two_users_of_one_browser_are_recognised(
    browser: Browser, rates: Rates, settings: Any
) -> None:
    ada, bob = make_user(), make_user()
    for user in (ada, bob):
        browser.sign_in(user.email)
    settings.NEW_DEVICE_EMAILS = True
    rates(login_account="3/hour", new_device_account="5/day")
    for user in (ada, bob):
        guess(user.email, times=3)

    assert [browser.sign_in(user.email).status_code for user in (ada, bob, ada)] == [200] * 3
    assert not Mail.objects.exists()


def test_device_is_recognised_after_the_hash_is_replaced(
    real_hashes: None, browser: Browser, user: User, settings: Any
) -> None:
    old = PBKDF2PasswordHasher().encode(PASSWORD, "salt", iterations=1)
    User.objects.filter(pk=user.pk).update(password=old)
    browser.cookies[DEVICE_COOKIE] = recognised_devices.issue(
        user_id=user.pk, password_hash=old, now=timezone.now()
    )
    settings.NEW_DEVICE_EMAILS = True

    assert statuses(2, lambda: browser.sign_in(user.email)) == [200, 200]

    assert not Mail.objects.exists()
