"""Trusted devices: they skip the second factor at sign-in, and nothing else."""

import uuid
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts import tasks
from accounts.api.transport import TRANSPORT_HEADER
from accounts.models import Session, TrustedDevice, User
from accounts.services.sessions import tokens
from tests.authenticator import Held, enrol
from tests.client import BY_RECOVERY_CODE, Browser
from tests.clock import later
from tests.flows.steps import challenge_for, refusal
from tests.people import NEW_PASSWORD, PASSWORD, make_user
from tests.queries import statements

pytestmark = pytest.mark.django_db

DAY = 86_400
VERIFY, LIST, END = "jwt_allauth_mfa_verify", "mfa_trusted_devices", "mfa_trusted_device"
COOKIE = "trusted_device"
BODY = {TRANSPORT_HEADER: "body"}
REAUTHENTICATE = (401, "reauthentication_required")


@pytest.fixture(autouse=True)
def mode(settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"


@pytest.fixture
def trusted(user: User, held: Held) -> Browser:
    """A trusted browser that has signed out."""
    browser = Browser()
    trust(browser, user, held)
    browser.sign_out()
    return browser


def trust(
    browser: Browser, user: User, held: Held, wish: Any = True, headers: Any = None, steps: int = 0
) -> Any:
    challenge = log_in(browser, user, headers).json()["challenge_id"]
    body = {"challenge_id": challenge, "code": held.app.code(steps), "trust_device": wish}
    response = browser.call("post", VERIFY, body, headers=headers or {})
    browser.access = response.json().get("access", "")
    return response


def log_in(browser: Browser, user: User, headers: Any = None) -> Any:
    credentials = {"email": user.email, "password": PASSWORD}
    return browser.call("post", "rest_login", credentials, headers=headers or {})


def is_asked(browser: Browser, user: User, password: str = PASSWORD) -> bool:
    """Whether a sign-in leads to a challenge."""
    return "challenge_id" in browser.sign_in(user.email, password).json()


def end(browser: Browser, device_id: Any) -> Any:
    return browser.call("delete", END, kwargs={"device_id": device_id})


# Trusting


def test_trusted_browser_is_not_asked_again(trusted: Browser, user: User) -> None:
    response = trusted.sign_in(user.email)

    assert response.json().keys() == {"access"}
    assert trusted.refresh().status_code == 200
    assert is_asked(Browser(), user)


def test_cookie_is_for_this_api_alone_and_lives_thirty_days(user: User, held: Held) -> None:
    response = trust(Browser(), user, held)

    cookie = response.cookies[COOKIE]
    assert (cookie["httponly"], cookie["secure"], cookie["samesite"]) == (True, True, "Lax")
    assert (cookie["path"], cookie["max-age"]) == ("/api/auth/", 30 * DAY)
    assert response["Cache-Control"] == "no-store"
    assert response.json().keys() == {"access"}


def test_body_transport_has_the_token_in_the_body_and_the_header(user: User, held: Held) -> None:
    response = trust(Browser(), user, held, headers=BODY)

    token = response.json()["trusted"]
    assert COOKIE not in response.cookies
    for headers, kind in (
        ({**BODY, "X-Trusted-Device": token}, "access"),
        ({"X-Trusted-Device": token}, "challenge_id"),
        ({**BODY, "X-Trusted-Device": "nonsense"}, "challenge_id"),
        ({**BODY, "X-Trusted-Device": f"{uuid.uuid4().hex}.{'a' * 43}"}, "challenge_id"),
    ):
        assert kind in log_in(Browser(), user, headers).json()


def test_cookie_is_not_read_in_body_transport(trusted: Browser, user: User) -> None:
    assert "challenge_id" in log_in(trusted, user, BODY).json()


def test_browser_is_trusted_only_on_request(user: User, held: Held) -> None:
    response = trust(Browser(), user, held, wish=False)

    assert COOKIE not in response.cookies
    assert not TrustedDevice.objects.exists()


def test_wrong_code_and_recovery_code_trust_nothing(user: User, held: Held) -> None:
    for way, code in ((VERIFY, held.app.wrong_code()), (BY_RECOVERY_CODE[0], "x")):
        body = {"challenge_id": challenge_for(user), "trust_device": True}
        Browser().call("post", way, {**body, "code": code, "recovery_code": held.recovery_codes[0]})

    assert not TrustedDevice.objects.exists()


def test_row_has_a_digest_and_opens_nothing(trusted: Browser, user: User) -> None:
    row, (_, secret) = TrustedDevice.objects.get(), trusted.cookies[COOKIE].value.split(".")

    assert len(secret) == 43
    assert secret not in str(TrustedDevice.objects.values())
    trusted.cookies[COOKIE] = f"{row.pk.hex}.{row.digest.ljust(43, '0')[:43]}"
    assert is_asked(trusted, user)


def test_device_of_another_account_is_not_trusted(trusted: Browser) -> None:
    other = make_user()
    enrol(other)

    assert is_asked(trusted, other)


def test_trusted_browser_needs_the_password(trusted: Browser, user: User) -> None:
    assert refusal(trusted.sign_in(user.email, "wrong")) == (401, "incorrect_credentials")


def test_trust_outlives_a_new_secret_key_with_its_fallback(
    trusted: Browser, user: User, settings: Any
) -> None:
    former, settings.SECRET_KEY = settings.SECRET_KEY, "another secret key of the tests, a long one"
    settings.SECRET_KEY_FALLBACKS = [former]

    assert not is_asked(trusted, user)


def test_of_several_cookies_the_trusted_one_counts(trusted: Browser, user: User) -> None:
    foreign = f"{COOKIE}={uuid.uuid4().hex}.{'a' * 43}"
    ours = f"{COOKIE}={trusted.cookies[COOKIE].value}"

    assert "access" in log_in(Browser(), user, {"Cookie": f"{foreign}; {ours}"}).json()


# What it does not do


def test_session_has_shown_no_second_factor(trusted: Browser, user: User) -> None:
    trusted.sign_in(user.email)

    session = Session.objects.get()
    assert not session.with_second_factor
    assert session.trusted_device_id == TrustedDevice.objects.get().pk
    assert tokens.read_access(trusted.access)["amr"] == ["pwd"]


def test_trust_is_never_prolonged(trusted: Browser, user: User) -> None:
    until = TrustedDevice.objects.get().expires_at

    with later(29 * DAY):
        response = trusted.sign_in(user.email)

    assert COOKIE not in response.cookies
    assert TrustedDevice.objects.get().expires_at == until
    with later(30 * DAY + 60):
        assert trusted.refresh().status_code == 401, "its sessions end with the trust"
        assert is_asked(trusted, user)


def test_sensitive_changes_require_the_second_factor(trusted: Browser, user: User) -> None:
    trusted.sign_in(user.email)

    assert refusal(trusted.change_profile(email="elsewhere@example.test")) == REAUTHENTICATE
    assert refusal(trusted.call("post", "jwt_allauth_mfa_setup", {})) == REAUTHENTICATE
    assert refusal(trusted.deactivate()) == REAUTHENTICATE


def test_browser_that_is_signed_in_can_show_the_second_factor(
    trusted: Browser, user: User, held: Held
) -> None:
    trusted.sign_in(user.email)

    challenge = trusted.sign_in(user.email).json()["challenge_id"]
    trusted.verify(challenge, held.app.code(+1))

    assert trusted.change_profile(email="elsewhere@example.test").status_code == 200
    assert Session.objects.get().with_second_factor
    trusted.sign_out()
    assert not is_asked(trusted, user), "the trust goes on"


def test_django_admin_asks_for_the_second_factor(trusted: Browser, user: User) -> None:
    User.objects.filter(pk=user.pk).update(role=User.Role.ADMIN)

    client = Client()
    client.cookies[COOKIE] = trusted.cookies[COOKIE].value
    form = {"username": user.email, "password": PASSWORD}
    response = client.post(reverse("admin:login"), form)

    assert response.status_code == 200
    assert "code" in response.context["form"].errors


# What ends it, besides what docs/account-life.md names


@pytest.mark.parametrize("of_all", [True, False])
def test_end_sessions_command_ends_trust(of_all: bool, trusted: Browser, user: User) -> None:
    other = make_user()
    trust(Browser(), other, enrol(other))

    call_command("end_sessions", *(["--all"] if of_all else ["--user", user.email]))

    assert not TrustedDevice.objects.filter(user=user).exists()
    assert TrustedDevice.objects.filter(user=other).exists() is not of_all


@pytest.mark.parametrize("logs_out", [True, False])
def test_new_password_ends_trust_whether_or_not_it_ends_sessions(
    logs_out: bool, trusted: Browser, user: User, settings: Any
) -> None:
    settings.LOGOUT_ON_PASSWORD_CHANGE = logs_out
    trusted.sign_in(user.email)

    trusted.change_password()

    assert is_asked(trusted, user, NEW_PASSWORD)


@pytest.mark.parametrize("happens", [Browser.sign_out, Browser.refresh])
def test_trust_outlives_a_single_session(happens: Any, trusted: Browser, user: User) -> None:
    trusted.sign_in(user.email)
    happens(trusted)
    Session.objects.all().delete()

    assert not is_asked(trusted, user)


def test_session_of_an_ended_trust_is_not_refreshed(trusted: Browser, user: User) -> None:
    trusted.sign_in(user.email)
    TrustedDevice.objects.all().delete()

    assert trusted.refresh().status_code == 401


def test_expired_trust_is_purged(trusted: Browser) -> None:
    tasks.purge_second_factor()
    assert TrustedDevice.objects.exists()

    with later(30 * DAY + 1):
        tasks.purge_second_factor()

    assert not TrustedDevice.objects.exists()


# The setting


@pytest.mark.parametrize(
    ("mode", "lifetime", "days"),
    [
        ("optional", None, 30),
        ("optional", 0, 0),
        ("optional", DAY, 1),
        ("required", None, 0),
        ("required", DAY, 1),
    ],
)
def test_setting_says_for_how_long(
    mode: str, lifetime: int | None, days: int, user: User, held: Held, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE, settings.MFA_TRUST_LIFETIME = mode, lifetime
    browser = Browser()

    response = trust(browser, user, held)

    assert response.status_code == 200
    assert (COOKIE in response.cookies) is bool(days)
    browser.sign_out()
    assert is_asked(browser, user) is not bool(days)
    if days:
        browser.sign_out()
        with later(days * DAY + 1):
            assert is_asked(browser, user)


@pytest.mark.parametrize("switch", [{"MFA_TRUST_LIFETIME": 0}, {"mode": "required"}])
def test_setting_that_turns_trust_off_ends_what_it_opened(
    switch: dict[str, Any], trusted: Browser, user: User, settings: Any
) -> None:
    trusted.sign_in(user.email)
    settings.MFA_TRUST_LIFETIME = switch.get("MFA_TRUST_LIFETIME")
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = switch.get("mode", "optional")

    assert trusted.refresh().status_code == 401
    assert is_asked(trusted, user)


# The list


def test_list_shows_the_users_devices_and_the_current_one(
    trusted: Browser, user: User, held: Held
) -> None:
    other = make_user()
    trust(Browser(), other, enrol(other))
    with later(60):
        newer = Browser(headers={"User-Agent": "Newer/1.0"})
        trust(newer, user, held, steps=0)
        rows = newer.call("get", LIST)

    assert rows["Cache-Control"] == "no-store"
    fields = {"id", "created", "expires", "ip", "user_agent", "current"}
    assert [row.keys() for row in rows.json()] == [fields, fields]
    assert [row["current"] for row in rows.json()] == [True, False]
    assert rows.json()[0]["user_agent"] == "Newer/1.0"


def test_user_ends_the_trust_in_one_device(trusted: Browser, user: User, held: Held) -> None:
    with later(60):
        other = Browser()
        trust(other, user, held)
        device_id = trusted.cookies[COOKIE].value.partition(".")[0]
        assert end(other, uuid.UUID(device_id)).status_code == 204

    assert is_asked(trusted, user)
    assert [row["current"] for row in other.call("get", LIST).json()] == [True]


def test_ending_the_current_one_clears_the_cookie(trusted: Browser, user: User) -> None:
    trusted.sign_in(user.email)

    response = end(trusted, TrustedDevice.objects.get().pk)

    assert (response.status_code, response.cookies[COOKIE].value) == (204, "")
    assert trusted.refresh().status_code == 401


def test_device_of_another_user_is_not_found(trusted: Browser, user: User) -> None:
    other = make_user()
    trust(Browser(), other, enrol(other))
    trusted.sign_in(user.email)

    assert end(trusted, TrustedDevice.objects.get(user=other).pk).status_code == 404
    assert end(trusted, uuid.uuid4()).status_code == 404
    assert TrustedDevice.objects.count() == 2


# What it costs


def test_sign_in_runs_five_statements_and_its_refresh_one(trusted: Browser, user: User) -> None:
    with statements(5):
        trusted.sign_in(user.email)
    with statements(1):
        trusted.refresh()
