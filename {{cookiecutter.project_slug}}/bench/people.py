"""Creates users and sessions in bulk, and selects some of them as clients."""

import random
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Model
from django.utils import timezone

from accounts.models import Session, User
from accounts.services.client import Client
from accounts.services.credentials import Credentials
from accounts.services.passwords import recognised_devices
from accounts.services.sessions import store, tokens
from accounts.services.sessions.tokens import Grant
from bench.load import Person

_SOMEWHERE = Client(ip="192.0.2.1", user_agent="Mozilla/5.0 (X11; Linux x86_64) bench")

_USER_ID = "md5(%(group)s || n)::uuid"
SESSION_ID = "md5(%(group)s || 'session' || n)::uuid"
_SESSION_USER_ID = "md5(%(group)s || n %% %(users)s)::uuid"
"""Ids are digests of the numbers: distributed over an index like random ids."""


def fill(*, group: str, password_hash: str, users: range, live: range) -> None:
    """Adds users, and live sessions that are distributed over all users, as copies of one row.

    Args:
        group: the prefix of the addresses.
        users: the numbers of the users.
        live: the numbers of the sessions.
    """
    email = f"{group}-@example.test"
    user, is_new = User.objects.get_or_create(
        email=email, defaults={"password": password_hash, "email_verified": True}
    )
    if is_new:
        credentials = Credentials.of(user, methods=["pwd"])
        store.open_session(credentials=credentials, client=_SOMEWHERE, now=timezone.now())
    numbered = {"group": group, "users": users.stop}
    _copy(user, users, numbered, id=_USER_ID, email="%(group)s || '-' || n || '@example.test'")
    session = user.sessions.earliest("created_at")
    ids = {"id": SESSION_ID, "refresh_jti": SESSION_ID, "user_id": _SESSION_USER_ID}
    _copy(session, live, numbered, **ids)


def _copy(row: Model, numbers: range, parameters: dict[str, Any], **changed: str) -> None:
    table = row._meta.db_table
    columns = [str(field.column) for field in row._meta.concrete_fields]
    values = ", ".join(changed.get(column, f"one.{column}") for column in columns)
    statement = (
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} "  # noqa: S608  our own names
        f"FROM {table} AS one, generate_series(%(first)s::int, %(last)s::int) AS n "
        "WHERE one.id = %(row)s"
    )
    span = {"first": numbers.start, "last": numbers.stop - 1, "row": row.pk}
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters | span)


def sample(group: str, amount: int) -> list[Person]:
    """Returns random users with a live session."""
    now = timezone.now()
    live = Session.objects.filter(expires_at__gt=now, user__email__startswith=f"{group}-")
    drawn = list(live.order_by("?").values_list("pk", flat=True)[:amount])
    found = Session.objects.filter(pk__in=drawn).select_related("user")
    people = [_person(session, now) for session in found]
    random.shuffle(people)
    return people


def _person(session: Session, now: datetime) -> Person:
    user = session.user
    grant = Grant(
        user_id=user.pk,
        session_id=session.pk,
        refresh_jti=session.refresh_jti,
        issued_at=session.rotated_at,
        expires_at=session.expires_at,
        role=user.role,
        email_verified=user.email_verified,
        methods=session.methods,
    )
    signed = tokens.sign(grant, now=now)
    device_token = recognised_devices.issue(user_id=user.pk, password_hash=user.password, now=now)
    return Person(user.email, signed.access, signed.refresh, device_token)
