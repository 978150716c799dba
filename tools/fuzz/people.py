"""Creates a user for each request in the project's database, with the project's services.

No request can affect a later one, not even by signing out everywhere.
"""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts.conf import MfaMode, switches
from accounts.models import LoginChallenge, Session, User
from accounts.services.client import Client
from accounts.services.credentials import Credentials
from accounts.services.links import signed_links
from accounts.services.links.signed_links import Purpose
from accounts.services.mfa import challenges, enrolment
from accounts.services.mfa.challenges import Kind
from accounts.services.sessions import store, tokens
from accounts.services.sessions.tokens import Grant, Tokens
from tests.authenticator import App, enrol
from tests.people import PASSWORD

NEW_PASSWORD = "another right good pass phrase"  # noqa: S105  of test users
CSRF_TOKEN = "c" * 32
SOMEWHERE = Client(ip="192.0.2.1", user_agent="fuzz")


@cache
def _password_hash() -> str:
    """Hashes once, because hashing takes as long as many requests."""
    return make_password(PASSWORD)


@dataclass(frozen=True)
class Person:
    """An ADMIN. With a second factor, ``app`` creates its codes."""

    user: User
    app: App | None
    recovery_codes: list[str]


def make_person(*, with_second_factor: bool) -> Person:
    user = User.objects.create(
        email=f"{uuid.uuid4().hex}@example.test",
        password=_password_hash(),
        email_verified=True,
        role=User.Role.ADMIN,
        first_name="Ada",
    )
    held = enrol(user) if with_second_factor else None
    user.refresh_from_db()
    return Person(user, held.app if held else None, held.recovery_codes if held else [])


def needs_second_factor(path: str) -> bool:
    """Whether a successful request to the path requires a second factor."""
    if switches.mfa_mode is MfaMode.REQUIRED:
        return True
    off = ("/mfa/setup/", "/mfa/activate/")
    return switches.mfa_mode is MfaMode.OPTIONAL and "/mfa/" in path and not path.endswith(off)


def sign_in(person: Person) -> tuple[Grant, Tokens]:
    methods = ("pwd", "otp", "mfa") if person.app else ("pwd",)
    credentials = Credentials.of(person.user, methods=methods)
    now = timezone.now()
    grant = store.open_session(credentials=credentials, client=SOMEWHERE, now=now)
    return grant, tokens.sign(grant, now=now)


def challenge(person: Person) -> str:
    """Returns the ``challenge_id`` of a sign-in with a second factor."""
    credentials = Credentials.of(person.user, methods=["pwd"])
    issued = challenges.open_challenge(
        credentials=credentials, kind=Kind.VERIFY, now=timezone.now()
    )
    return issued.signed_id


def setup_challenge(*, pending: bool) -> dict[str, Any]:
    """Returns the setup challenge of a new user if MFA is required, and a code of the app.

    Args:
        pending: whether the setup has started.
    """
    person = make_person(with_second_factor=False)
    issued = challenges.open_challenge(
        credentials=Credentials.of(person.user, methods=["pwd"]),
        kind=Kind.SETUP,
        now=timezone.now(),
    )
    challenge = LoginChallenge.objects.get(user=person.user)
    code = pending_code(person, challenge) if pending else ""
    return {"setup_challenge_id": issued.signed_id, "code": code}


def pending_code(person: Person, origin: Session | LoginChallenge) -> str:
    begun = enrolment.begin(person.user, origin=origin, now=timezone.now())
    return App(begun.secret).code()


def make_link(purpose: Purpose, person: Person) -> str:
    expires_at = timezone.now() + timedelta(minutes=10)
    return signed_links.issue(purpose, user=person.user, expires_at=expires_at)


def invite(person: Person) -> Person:
    """Turns the user into an invited one without a password."""
    person.user.set_unusable_password()
    person.user.invited_at = timezone.now()
    person.user.save()
    return person
