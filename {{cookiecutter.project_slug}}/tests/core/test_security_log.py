"""The security log: an event for each thing that somebody may have to look into, and no secret."""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Session, User
from accounts.services import unused_accounts
from core.logging import security_log
from core.logging.format import Formatter
from tests.authenticator import App, enrol
from tests.client import Browser
from tests.clock import later
from tests.limits import Rates, stranger
from tests.mailbox import link_to
from tests.people import PASSWORD, make_user

pytestmark = pytest.mark.django_db

NEW_ADDRESS = "new@example.test"
NEW_PASSWORD = "another good pass phrase"
WRONG = "not the password"


class Log:
    """What was logged, as the lines of production."""

    def __init__(self, lines: StringIO) -> None:
        self._lines = lines

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._lines.getvalue().splitlines()]

    def named(self, name: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["event"] == name]


@contextmanager
def listening() -> Iterator[Log]:
    lines, logger = StringIO(), logging.getLogger(security_log.NAME)
    handler = logging.StreamHandler(lines)
    handler.setFormatter(Formatter("json"))
    logger.addHandler(handler)
    yield Log(lines)
    logger.removeHandler(handler)


@pytest.fixture
def log() -> Iterator[Log]:
    with listening() as found:
        yield found


@pytest.fixture(autouse=True)
def _switches(settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    settings.JWT_ALLAUTH_INVITATIONS = True
    settings.JWT_ALLAUTH_REFRESH_REUSE_LEEWAY = 0


def signed_in(user: User) -> Browser:
    browser = Browser()
    browser.sign_in(user.email)
    return browser


def sign_in(user: User) -> None:
    signed_in(user)


def guess_password(user: User) -> None:
    Browser().sign_in(user.email, WRONG)


def sign_in_closed(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)
    Browser().sign_in(user.email)


def sign_in_unverified(user: User) -> None:
    User.objects.filter(pk=user.pk).update(email_verified=False)
    Browser().sign_in(user.email)


def log_out(user: User) -> None:
    signed_in(user).call("post", "rest_logout", {})


def log_out_everywhere(user: User) -> None:
    signed_in(user).call("post", "rest_logout_all", {})


def replay(user: User) -> None:
    browser = signed_in(user)
    stolen = browser.refresh_token
    browser.refresh()
    browser.refresh_token = stolen
    browser.refresh()


def end_by_hand(user: User) -> None:
    sign_in(user)
    call_command("end_sessions", "--user", user.email, stdout=StringIO())


def change_password(user: User) -> None:
    body = {
        "old_password": PASSWORD,
        **dict.fromkeys(("new_password1", "new_password2"), NEW_PASSWORD),
    }
    signed_in(user).call("post", "rest_password_change", body)


def mistype_old_password(user: User) -> None:
    body = {
        "old_password": WRONG,
        **dict.fromkeys(("new_password1", "new_password2"), NEW_PASSWORD),
    }
    signed_in(user).call("post", "rest_password_change", body)


def change_password_outside(user: User) -> None:
    user.set_password(NEW_PASSWORD)
    user.save()


def reset_password(user: User) -> None:
    browser = Browser()
    browser.call("post", "rest_password_reset", {"email": user.email})
    browser.get(link_to(user.email))
    browser.set_password("rest_password_reset_set_new", NEW_PASSWORD)


def change_address(user: User) -> None:
    signed_in(user).call("patch", "rest_user_details", {"email": NEW_ADDRESS})
    Client().get(link_to(NEW_ADDRESS))


def set_up(user: User) -> Browser:
    browser = signed_in(user)
    secret = browser.call("post", "jwt_allauth_mfa_setup", {}).json()["secret"]
    browser.call("post", "jwt_allauth_mfa_activate", {"code": App(secret).code()})
    return browser


def set_up_second_factor(user: User) -> None:
    set_up(user)


def remove_second_factor(user: User) -> None:
    set_up(user).call("post", "jwt_allauth_mfa_deactivate", {"password": PASSWORD})


def reset_second_factor(user: User) -> None:
    set_up(user)
    call_command("reset_second_factor", user.email, stdout=StringIO())


def enrol_unverified(user: User) -> None:
    user.email_verified = False
    user.save()
    enrol(user)


def reset_password_with_unproven_second_factor(user: User) -> None:
    enrol_unverified(user)
    reset_password(user)


def take_over_by_invitation(user: User) -> None:
    enrol_unverified(user)
    admin = signed_in(make_user(role=User.Role.ADMIN))
    admin.call("post", "rest_user_register", {"email": user.email, "role": "USER"})


def move_outside(user: User) -> None:
    user.email = NEW_ADDRESS
    user.save()


def withdraw_verification(user: User) -> None:
    user.email_verified = False
    user.save()


def owe_a_code(user: User) -> None:
    enrol(user)
    Browser().sign_in(user.email)


def guess_codes(user: User) -> None:
    app = enrol(user).app
    for _ in range(2):
        challenge = Browser().sign_in(user.email).json()["challenge_id"]
        for _ in range(5):
            guess = {"challenge_id": challenge, "code": app.wrong_code()}
            Browser().call("post", "jwt_allauth_mfa_verify", guess)


def log_in_to_admin(user: User) -> None:
    User.objects.filter(pk=user.pk).update(role=User.Role.ADMIN)
    Client().post(reverse("admin:login"), {"username": user.email, "password": PASSWORD})


def guess_at_admin(user: User) -> None:
    Client().post(reverse("admin:login"), {"username": user.email, "password": WRONG})


WHAT_HAPPENS: dict[str, list[tuple[Callable[[User], None], dict[str, Any]]]] = {
    "session_opened": [(sign_in, {"second_factor": False})],
    "new_device": [(sign_in, {}), (log_in_to_admin, {})],
    "login_failed": [
        (guess_password, {"reason": "wrong_password"}),
        (guess_at_admin, {"reason": "admin"}),
        (sign_in_closed, {"reason": "inactive"}),
        (sign_in_unverified, {"reason": "email_not_verified"}),
    ],
    "session_revoked": [(log_out, {}), (replay, {})],
    "sessions_revoked": [
        (log_out_everywhere, {"count": 1}),
        (end_by_hand, {"count": 1}),
        (change_password, {"count": 1}),
    ],
    "refresh_replayed": [(replay, {"level": "warning"})],
    "password_changed": [(change_password, {})],
    "password_check_failed": [(mistype_old_password, {})],
    "credentials_changed": [(change_password_outside, {})],
    "password_set": [(reset_password, {"way": "reset"})],
    "address_change_asked": [(change_address, {})],
    "address_changed": [(change_address, {}), (move_outside, {"way": "outside"})],
    "verification_withdrawn": [(withdraw_verification, {})],
    "second_factor_on": [(set_up_second_factor, {})],
    "second_factor_off": [
        (remove_second_factor, {"reason": "deactivated"}),
        (reset_password_with_unproven_second_factor, {"reason": "password_reset"}),
        (take_over_by_invitation, {"reason": "invitation"}),
    ],
    "second_factor_reset": [(reset_second_factor, {"reason": "command"})],
    "challenge_opened": [(owe_a_code, {"kind": "verify"})],
    "second_factor_failed": [(guess_codes, {})],
    "second_factor_locked": [(guess_codes, {"level": "warning"})],
    "admin_login": [(log_in_to_admin, {})],
}
CASES = [
    pytest.param(name, act, facts, id=f"{act.__name__}: {name}")
    for name, cases in WHAT_HAPPENS.items()
    for act, facts in cases
]


ACTS = dict.fromkeys(act for cases in WHAT_HAPPENS.values() for act, _ in cases)


@cache
def told(act: Callable[[User], None]) -> tuple[User, Log]:
    """Somebody, and what was logged of them; each act is done once for all tests."""
    user = make_user()
    with listening() as log:
        act(user)
    return user, log


@pytest.mark.parametrize(("name", "act", "facts"), CASES)
def test_event_says_what_happened_and_to_whom(
    name: str, act: Callable[[User], None], facts: dict[str, Any]
) -> None:
    user, log = told(act)

    event = log.named(name)[-1]
    expected = {"level": "info", "logger": "security", "account": str(user.pk), **facts}
    assert {key: event.get(key) for key in expected} == expected


def test_events_of_a_session_name_it(user: User, log: Log) -> None:
    browser = signed_in(user)
    session = str(Session.objects.get().pk)
    browser.call("post", "rest_logout", {})

    named = {event["event"]: event.get("session") for event in log.events}
    assert named["session_opened"] == named["session_revoked"] == session


def test_event_has_the_request_and_the_address_that_it_came_from(user: User, log: Log) -> None:
    response = stranger(7).sign_in(user.email)

    for event in log.events:
        assert event["request_id"] == response["X-Request-ID"]
        assert event["ip"] == "198.51.100.7"


def test_reset_of_a_second_factor_in_django_admin_says_who_did_it(user: User, log: Log) -> None:
    admin = User.objects.create_superuser(email="root@example.test", password=PASSWORD)
    enrol(user)
    client = Client()
    client.force_login(admin)
    form = {"action": "reset_second_factor", "_selected_action": [str(user.pk)]}
    client.post(reverse("admin:accounts_user_changelist"), form)

    [event] = log.named("second_factor_reset")
    assert (event["account"], event["reason"], event["by"]) == (
        *(str(user.pk), "admin", str(admin.pk)),
    )


def test_account_deleted_in_django_admin_is_logged_with_who_did_it(user: User, log: Log) -> None:
    admin = User.objects.create_superuser(email="root@example.test", password=PASSWORD)
    client = Client()
    client.force_login(admin)
    client.post(reverse("admin:accounts_user_delete", args=[user.pk]), {"post": "yes"})

    [event] = log.named("account_deleted")
    assert (event["account"], event["by"]) == (str(user.pk), str(admin.pk))


def test_reset_of_whoever_owes_a_code_is_no_sign_in_yet(user: User, log: Log) -> None:
    enrol(user)
    reset_password(user)

    assert [event["event"] for event in log.events] == [
        *("password_reset_asked", "password_set", "challenge_opened")
    ]


def test_failure_for_an_unknown_address_names_nobody(db: None, log: Log) -> None:
    Browser().sign_in("nobody@example.test")

    [event] = log.events
    assert (event["event"], event["reason"]) == ("login_failed", "unknown_address")
    assert "account" not in event
    assert "nobody@" not in json.dumps(event)


def test_sign_up_is_logged_whether_the_address_is_taken_or_not(user: User, log: Log) -> None:
    Browser().sign_up(NEW_ADDRESS)
    Client().get(link_to(NEW_ADDRESS))
    Browser().sign_up(NEW_ADDRESS)

    assert [event["event"] for event in log.events] == [
        *("registered", "address_verified", "registered_again")
    ]


def test_invitation_is_logged_from_the_letter_to_its_end(log: Log) -> None:
    admin = make_user(role=User.Role.ADMIN)
    browser = signed_in(admin)
    invite = {"email": NEW_ADDRESS, "role": "STAFF"}
    browser.call("post", "rest_user_register", invite)
    invited = User.objects.get(email=NEW_ADDRESS)
    guest = Browser()
    guest.get(link_to(NEW_ADDRESS))
    guest.set_password("rest_set_password", NEW_PASSWORD)
    browser.call("post", "rest_user_register", {**invite, "email": "late@example.test"})
    with later(8 * 86_400):
        unused_accounts.purge(now=timezone.now())

    [first, _] = log.named("invited")
    assert (first["account"], first["by"], first["role"]) == (
        *(str(invited.pk), str(admin.pk), "STAFF"),
    )
    [accepted] = log.named("password_set")
    assert (accepted["account"], accepted["way"]) == (str(invited.pk), "invitation")
    assert len(log.named("invitation_expired")) == 1


def test_limit_that_is_reached_is_logged(user: User, rates: Rates, log: Log) -> None:
    rates(login="2/min", login_account="1/hour")
    for number in (1, 2, 2, 2):
        stranger(number).sign_in(user.email, WRONG)

    throttled = [(event["scope"], event.get("account")) for event in log.named("throttled")]
    assert throttled == [
        *[("login_account", str(user.pk))] * 2,
        ("login", None),
    ]
    assert {event["level"] for event in log.named("throttled")} == {"warning"}


def test_everybody_signed_out_by_hand_is_an_alarm(user: User, log: Log) -> None:
    sign_in(user)
    call_command("end_sessions", "--all", stdout=StringIO())

    [event] = log.named("sessions_revoked")
    assert (event["level"], event["count"]) == ("warning", 1)


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
def test_no_event_holds_a_secret(act: Callable[[User], None]) -> None:
    user, log = told(act)

    written = json.dumps(log.events)
    secrets = [PASSWORD, NEW_PASSWORD, WRONG, user.email, NEW_ADDRESS, "eyJ", user.password]
    assert written != "[]"
    assert [secret for secret in secrets if secret in written] == []


def test_what_goes_on_all_day_is_not_logged(user: User, log: Log) -> None:
    browser = signed_in(user)
    before = len(log.events)

    browser.refresh()
    browser.call("get", "rest_user_details")

    assert len(log.events) == before
