"""What ends what, as ``docs/account-life.md`` has it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session as AdminSession
from django.db import connection
from django.test import Client, override_settings
from django.utils import timezone

from accounts.flows import logout, mfa_management
from accounts.models import EmailChange, LoginChallenge, Session, TrustedDevice, User
from accounts.services.client import Client as Device
from accounts.services.credentials import PASSWORD, Credentials
from accounts.services.mfa import challenges, trusted_devices
from accounts.signals import access_revoked
from tests import acts
from tests.authenticator import enrol
from tests.client import Browser
from tests.flows.steps import signed_in_as
from tests.mailbox import link_to
from tests.people import make_user, save

pytestmark = pytest.mark.django_db

COLUMNS = (
    *("this session", "other sessions", "Django admin", "challenges", "links"),
    *("pending address", "trusted devices", "second factor"),
)


@dataclass
class Life:
    """An account with everything that can end."""

    user: User
    browser: Browser
    other: Browser
    link: str

    def ended(self) -> set[str]:
        """The columns that have ended."""
        lives = {
            "this session": self.browser.refresh().status_code == 200,
            "other sessions": self.other.refresh().status_code == 200,
            "Django admin": AdminSession.objects.exists(),
            "challenges": LoginChallenge.objects.exists(),
            "links": Client().get(self.link).status_code == 302,
            "pending address": EmailChange.objects.exists(),
            "trusted devices": TrustedDevice.objects.exists(),
            "second factor": Authenticator.objects.exists(),
        }
        return {name for name, is_alive in lives.items() if not is_alive}


@pytest.fixture
def life(user: User, browser: Browser) -> Life:
    other = signed_in_as(user)
    browser.sign_in(user.email)
    Browser().request_reset(user.email)
    link = link_to(user.email)
    enrol(user)
    acts.request_address(browser, user)
    credentials = Credentials.of(user, methods=[PASSWORD])
    challenges.open_challenge(
        credentials=credentials, kind=LoginChallenge.Kind.VERIFY, now=timezone.now()
    )
    trusted_devices.trust(user, client=Device(None, ""), now=timezone.now())
    Client().force_login(user)
    return Life(user, browser, other, link)


@pytest.fixture
def told() -> Iterator[set[User]]:
    """The accounts that the signal has named to the features."""
    users: set[User] = set()

    def receive(user: User, **_: Any) -> None:
        assert connection.in_atomic_block
        users.add(user)

    access_revoked.connect(receive)
    yield users
    access_revoked.disconnect(receive)


def log_out(life: Life) -> None:
    life.browser.sign_out()


def log_out_everywhere(life: Life) -> None:
    life.browser.sign_out_everywhere()


def be_signed_out(life: Life) -> None:
    logout.sign_out(life.user, by=make_user(role=User.Role.ADMIN))


def end_another_device(life: Life) -> None:
    sessions = life.browser.call("get", "session_list").json()
    [other] = [session["id"] for session in sessions if not session["current"]]
    life.browser.end_session(other)


def change_password(life: Life) -> None:
    # The new session of the caller is not the one that ended.
    old = life.browser.refresh_token
    life.browser.change_password()
    life.browser.refresh_token = old


def reset_password(life: Life) -> None:
    owner = Browser()
    owner.get(life.link)
    owner.set_new()


def move_to_another_address(life: Life) -> None:
    Client().get(link_to(acts.NEW_ADDRESS))


@override_settings(JWT_ALLAUTH_MFA_TOTP_MODE="optional")
def turn_mfa_off(life: Life) -> None:
    Session.objects.update(with_second_factor=True)
    life.browser.deactivate()


def reset_mfa(life: Life) -> None:
    mfa_management.reset(life.user, by=make_user(role=User.Role.ADMIN))


def change_role(life: Life) -> None:
    save(life.user, role=User.Role.STAFF)


def deactivate(life: Life) -> None:
    save(life.user, is_active=False)


def close(life: Life) -> None:
    life.browser.call("post", "user_close", {})


SESSIONS = {"this session", "other sessions"}
BEGUN = {"Django admin", "challenges", "pending address", "trusted devices"}
ENDS: dict[str, tuple[Callable[[Life], None], set[str]]] = {
    "logout": (log_out, {"this session", "pending address"}),
    "logout everywhere": (log_out_everywhere, SESSIONS | BEGUN),
    "an administrator's *End the sessions*": (be_signed_out, SESSIONS | BEGUN),
    "ending another device": (end_another_device, {"other sessions"}),
    "a password change": (change_password, SESSIONS | BEGUN | {"links"}),
    "a password reset": (reset_password, SESSIONS | BEGUN | {"links"}),
    "a new address": (move_to_another_address, {"other sessions", "links"} | BEGUN),
    "turning MFA off": (
        turn_mfa_off,
        {"other sessions", "Django admin", "challenges", "trusted devices", "second factor"},
    ),
    "a reset of MFA": (reset_mfa, SESSIONS | BEGUN | {"second factor"}),
    "another role": (change_role, SESSIONS | BEGUN),
    "deactivation": (deactivate, SESSIONS | BEGUN | {"links"}),
    "closing": (close, SESSIONS | BEGUN | {"links"}),
}
"""The table of ``docs/account-life.md``."""


@pytest.mark.parametrize("name", ENDS)
def test_it_ends_this_and_nothing_else(
    name: str, life: Life, told: set[User], settings: Any
) -> None:
    settings.JWT_ALLAUTH_REFRESH_REUSE_LEEWAY = 0
    act, expected = ENDS[name]

    act(life)

    assert life.ended() == expected
    assert told == ({life.user} if expected >= SESSIONS else set()), "what features learn"


def test_before_them_nothing_has_ended(life: Life) -> None:
    assert life.ended() == set()
