"""The export of an account: each registered function adds a section. None has a secret."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from accounts.models import EndedSession, User
from accounts.services import deletion, history
from accounts.services.mfa import authenticators, trusted_devices
from accounts.services.sessions import live_sessions

Export = Callable[[User, datetime], Any]
sections: dict[str, Export] = {}


def export(section: str) -> Callable[[Export], Export]:
    """Registers a function that gets a user and the time, and returns what is exported of them.

    It returns dicts, lists, texts, numbers, times and UUIDs.
    """

    def register(function: Export) -> Export:
        sections[section] = function
        return function

    return register


def collect(user: User, *, now: datetime) -> dict[str, Any]:
    return {section: function(user, now) for section, function in sections.items()}


@export("profile")
def profile(user: User, now: datetime) -> dict[str, Any]:
    names = ("id", "email", "email_verified", "pending_email", "role", "date_joined")
    return {name: getattr(user, name) for name in (*names, *User.PROFILE_FIELDS)}


@export("sessions")
def sessions(user: User, now: datetime) -> Iterable[Any]:
    columns = ("created_at", "rotated_at", "expires_at", "ip_address", "user_agent", "methods")
    return [*live_sessions.list_of(user.pk, now=now).values(*columns)]


@export("ended_sessions")
def ended_sessions(user: User, now: datetime) -> Iterable[Any]:
    columns = ("rotated_at", "ended_at", "ip_address", "user_agent")
    return [*EndedSession.objects.filter(user=user).order_by("-ended_at").values(*columns)]


@export("second_factors")
def second_factors(user: User, now: datetime) -> Iterable[Any]:
    return [
        {"type": held.type, "created_at": held.created_at, "last_used_at": held.last_used_at}
        for held in authenticators.list_for(user)
    ]


@export("trusted_devices")
def devices(user: User, now: datetime) -> Iterable[Any]:
    columns = ("created_at", "expires_at", "ip_address", "user_agent")
    return [*trusted_devices.list_live(user.pk, now=now).values(*columns)]


@export("history")
def events(user: User, now: datetime) -> Iterable[Any]:
    return [
        {
            "at": event.at,
            "event": event.event,
            "network": event.network,
            "user_agent": event.user_agent,
            "detail": history.sentence_for(event),
        }
        for event in history.list_of(user.pk, now=now)
    ]


@export("emails")
def emails(user: User, now: datetime) -> Iterable[Any]:
    """Those of the outbox, which keeps them for a month."""
    found = deletion.emails_of(user).order_by("-created_at")
    return [*found.values("kind", "created_at", "state")]
