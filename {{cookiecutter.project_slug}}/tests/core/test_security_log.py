"""The security log has an event for each change and each failure, and no secret."""

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

from accounts.models import SecurityEvent, Session, User
from accounts.services import history, unused_accounts
from core.logging import security_log
from core.logging.format import Formatter
from tests import acts
from tests.acts import NEW_ADDRESS
from tests.admin.steps import as_
from tests.authenticator import enrol
from tests.client import Browser
from tests.clock import later
from tests.flows.steps import signed_in_admin, signed_in_as
from tests.limits import Rates, stranger
from tests.mailbox import link_to
from tests.people import NEW_PASSWORD, PASSWORD, make_user, save

pytestmark = pytest.mark.django_db

WRONG = "not the password"


class Log:
    """The lines that production would write."""

    shown: set[str]
    """The events in the history of the user."""

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


def guess_password(browser: Browser, user: User) -> None:
    Browser().sign_in(user.email, WRONG)


def sign_in_closed(browser: Browser, user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)
    Browser().sign_in(user.email)


def sign_in_unverified(browser: Browser, user: User) -> None:
    User.objects.filter(pk=user.pk).update(email_verified=False)
    Browser().sign_in(user.email)


def log_out(browser: Browser, user: User) -> None:
    browser.sign_out()


def log_out_everywhere(browser: Browser, user: User) -> None:
    browser.sign_out_everywhere()


def end_by_command(browser: Browser, user: User) -> None:
    call_command("end_sessions", "--user", user.email, stdout=StringIO())


def guess_old_password(browser: Browser, user: User) -> None:
    acts.change_password(browser, user, old=WRONG)


def change_password_by_script(browser: Browser, user: User) -> None:
    save(user, password=NEW_PASSWORD)


def change_address(browser: Browser, user: User) -> None:
    acts.request_address(browser, user)
    Client().get(link_to(NEW_ADDRESS))


def take_over_by_invitation(browser: Browser, user: User) -> None:
    acts.enrol_unverified(user)
    signed_in_admin().invite(user.email)


def sign_in_with_second_factor(browser: Browser, user: User) -> None:
    enrol(user)
    Browser().sign_in(user.email)


def log_in_to_admin(browser: Browser, user: User) -> None:
    User.objects.filter(pk=user.pk).update(role=User.Role.ADMIN)
    Client().post(reverse("admin:login"), {"username": user.email, "password": PASSWORD})


def guess_at_admin(browser: Browser, user: User) -> None:
    Client().post(reverse("admin:login"), {"username": user.email, "password": WRONG})


Act = Callable[[Browser, User], None]
EVENTS: dict[str, list[tuple[Act, dict[str, Any]]]] = {
    "session_opened": [(acts.sign_in_elsewhere, {"second_factor": False})],
    "new_device": [(acts.sign_in_elsewhere, {}), (log_in_to_admin, {})],
    "login_failed": [
        (guess_password, {"reason": "wrong_password"}),
        (guess_at_admin, {"reason": "admin"}),
        (sign_in_closed, {"reason": "inactive"}),
        (sign_in_unverified, {"reason": "email_not_verified"}),
    ],
    "session_revoked": [(log_out, {}), (acts.replay, {})],
    "sessions_revoked": [
        (log_out_everywhere, {"count": 1}),
        (end_by_command, {"count": 1}),
        (acts.change_password, {"count": 1}),
    ],
    "refresh_replayed": [(acts.replay, {"level": "warning"})],
    "password_changed": [(acts.change_password, {})],
    "password_check_failed": [(guess_old_password, {})],
    "credentials_changed": [(change_password_by_script, {})],
    "password_set": [(acts.reset_password, {"way": "reset"})],
    "address_change_asked": [(change_address, {})],
    "address_changed": [(change_address, {}), (acts.change_address_by_script, {"way": "outside"})],
    "verification_withdrawn": [(acts.withdraw_verification, {})],
    "second_factor_on": [(acts.set_up_second_factor, {})],
    "second_factor_off": [
        (acts.remove_second_factor, {"reason": "deactivated"}),
        (acts.reset_password_with_unverified_second_factor, {"reason": "password_reset"}),
        (take_over_by_invitation, {"reason": "invitation"}),
    ],
    "second_factor_reset": [(acts.reset_second_factor, {"reason": "command"})],
    "challenge_opened": [(sign_in_with_second_factor, {"kind": "verify"})],
    "second_factor_failed": [(acts.guess_codes, {})],
    "second_factor_locked": [(acts.guess_codes, {"level": "warning"})],
    "recovery_codes_replaced": [(acts.replace_recovery_codes, {})],
    "leaked_password_used": [(acts.sign_in_with_leaked_password, {})],
    "device_trusted": [(acts.trust_device_and_end_it, {})],
    "device_trust_ended": [(acts.trust_device_and_end_it, {})],
    "admin_login": [(log_in_to_admin, {})],
}
CASES = [
    pytest.param(name, act, facts, id=f"{act.__name__}: {name}")
    for name, cases in EVENTS.items()
    for act, facts in cases
]


ACTS = dict.fromkeys(act for cases in EVENTS.values() for act, _ in cases)


@cache
def logged(act: Act) -> tuple[User, Log]:
    """A user, and the events of an act; each act is done once for all tests."""
    user = make_user()
    browser = signed_in_as(user)
    with listening() as log:
        act(browser, user)
    rows = SecurityEvent.objects.filter(user=user).values_list("event", flat=True)
    log.shown = set(rows)
    return user, log


@pytest.mark.parametrize(("name", "act", "facts"), CASES)
def test_event_names_its_account_and_its_facts(name: str, act: Act, facts: dict[str, Any]) -> None:
    user, log = logged(act)

    event = log.named(name)[-1]
    expected = {"level": "info", "logger": "security", "account": str(user.pk), **facts}
    assert {key: event.get(key) for key in expected} == expected


@pytest.mark.parametrize(("name", "act", "facts"), CASES)
def test_event_is_in_the_history_if_it_has_a_sentence_there(
    name: str, act: Act, facts: dict[str, Any]
) -> None:
    _, log = logged(act)

    assert (name in log.shown) == (name in history.SENTENCES)


def test_events_of_a_session_name_it(user: User, log: Log) -> None:
    browser = signed_in_as(user)
    session = str(Session.objects.get().pk)
    browser.sign_out()

    named = {event["event"]: event.get("session") for event in log.events}
    assert named["session_opened"] == named["session_revoked"] == session


def test_event_has_the_id_and_the_ip_address_of_the_request(user: User, log: Log) -> None:
    response = stranger(7).sign_in(user.email)

    for event in log.events:
        assert event["request_id"] == response["X-Request-ID"]
        assert event["ip"] == "198.51.100.7"


def test_deletion_in_django_admin_names_the_administrator(
    user: User, admin: User, log: Log
) -> None:
    as_(admin).post(reverse("admin:accounts_user_delete", args=[user.pk]), {"post": "yes"})

    [event] = log.named("account_deleted")
    assert (event["account"], event["by"]) == (str(user.pk), str(admin.pk))


def test_reset_that_leads_to_a_challenge_is_no_sign_in(user: User, log: Log) -> None:
    enrol(user)
    acts.reset_password(Browser(), user)

    assert [event["event"] for event in log.events] == [
        *("password_reset_asked", "password_set", "challenge_opened")
    ]


def test_failure_for_an_unknown_address_names_no_account(db: None, log: Log) -> None:
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


def test_invitation_is_logged_until_it_is_accepted_or_expires(log: Log) -> None:
    admin = make_user(role=User.Role.ADMIN)
    browser = signed_in_as(admin)
    browser.invite(NEW_ADDRESS, role="STAFF")
    invited = User.objects.get(email=NEW_ADDRESS)
    guest = Browser()
    guest.get(link_to(NEW_ADDRESS))
    guest.accept()
    browser.invite("late@example.test")
    with later(8 * 86_400):
        unused_accounts.purge(now=timezone.now())

    [first, _] = log.named("invited")
    assert (first["account"], first["by"], first["role"]) == (
        *(str(invited.pk), str(admin.pk), "STAFF"),
    )
    [accepted] = log.named("password_set")
    assert (accepted["account"], accepted["way"]) == (str(invited.pk), "invitation")
    assert len(log.named("invitation_expired")) == 1


def test_limit_that_is_exceeded_is_logged(user: User, rates: Rates, log: Log) -> None:
    rates(login="2/min", login_account="1/hour")
    for number in (1, 2, 2, 2):
        stranger(number).sign_in(user.email, WRONG)

    throttled = [(event["scope"], event.get("account")) for event in log.named("throttled")]
    assert throttled == [
        *[("login_account", str(user.pk))] * 2,
        ("login", None),
    ]
    assert {event["level"] for event in log.named("throttled")} == {"warning"}


def test_end_of_all_sessions_by_command_is_a_warning(user: User, log: Log) -> None:
    signed_in_as(user)
    call_command("end_sessions", "--all", stdout=StringIO())

    [event] = log.named("sessions_revoked")
    assert (event["level"], event["count"]) == ("warning", 1)


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
def test_no_event_holds_a_secret(act: Act) -> None:
    user, log = logged(act)

    written = json.dumps(log.events)
    secrets = [PASSWORD, NEW_PASSWORD, WRONG, user.email, NEW_ADDRESS, "eyJ", user.password]
    assert written != "[]"
    assert [secret for secret in secrets if secret in written] == []


def test_refresh_and_reads_are_not_logged(user: User, log: Log) -> None:
    browser = signed_in_as(user)
    before = len(log.events)

    browser.refresh()
    browser.call("get", "rest_user_details")

    assert len(log.events) == before
