"""The statements in SQL do what the ORM would, find their rows by an index, and touch none."""

import uuid
from collections import Counter
from datetime import timedelta
from typing import Any, cast

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Session, User
from accounts.services.client import Client
from accounts.services.sessions import live_sessions, rotation, tokens
from accounts.services.sessions.tokens import RefreshToken
from bench.plans import explained
from tests.client import Browser
from tests.people import make_user

pytestmark = pytest.mark.django_db

CLIENT = Client("192.0.2.7", "Lynx/2.9")


def plain_rotate(
    token: RefreshToken, successor: uuid.UUID, client: Client, now: Any, settings: Any
) -> int:
    """The raw statement of ``rotation.rotate`` in the terms of the ORM."""
    rows = Session.objects.filter(
        pk=token.session_id,
        user_id=token.user_id,
        refresh_jti=token.id,
        expires_at__gt=now,
        user__is_active=True,
    )
    session = rows.get()
    return rows.update(
        refresh_jti=successor,
        previous_jti=token.id,
        rotated_at=now,
        expires_at=min(
            now + timedelta(seconds=settings.JWT_ALLAUTH_REFRESH_TOKEN_LIFETIME),
            session.created_at + timedelta(seconds=settings.JWT_ALLAUTH_SESSION_LIFETIME),
        ),
        ip_address=client.ip,
        user_agent=client.user_agent,
    )


def columns_of(row: Any) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


@pytest.mark.parametrize("ip", [None, "192.0.2.7", "2001:db8::7"])
def test_raw_read_of_a_live_session_equals_the_plain_one(
    ip: str | None, signed_in: Browser
) -> None:
    Session.objects.update(ip_address=ip, previous_jti=uuid.uuid4())
    token = tokens.read_access(signed_in.access)

    session = live_sessions.find(token, now=timezone.now())

    plain = Session.objects.select_related("user").get()
    assert session is not None
    assert columns_of(session) == columns_of(plain)
    assert columns_of(session.user) == columns_of(plain.user)
    assert session.user.pending_email == plain.user.pending_email == ""


@pytest.mark.parametrize("session_lifetime", [86_400, 90 * 86_400])
def test_raw_rotation_equals_the_plain_one(
    session_lifetime: int, signed_in: Browser, settings: Any
) -> None:
    settings.JWT_ALLAUTH_SESSION_LIFETIME = session_lifetime
    before = Session.objects.get()
    token = tokens.read_refresh(signed_in.refresh_token)
    now = timezone.now() + timedelta(hours=1)
    grant = rotation.rotate(token=token, client=CLIENT, now=now)
    raw = Session.objects.filter(pk=before.pk).values().get()

    before.save()
    assert plain_rotate(token, grant.refresh_jti, CLIENT, now, settings) == 1

    assert Session.objects.filter(pk=before.pk).values().get() == raw
    assert grant.expires_at == raw["expires_at"]


def updates_of_sessions() -> Counter[str]:
    """How many this transaction has made, and how many of them in place (PostgreSQL's HOT)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_xact_user_tables"
            " WHERE relname = 'accounts_session'"
        )
        return Counter(dict(zip(("all", "in place"), cursor.fetchone(), strict=True)))


def test_refresh_touches_no_index(signed_in: Browser) -> None:
    before = updates_of_sessions()

    signed_in.refresh()

    assert updates_of_sessions() - before == {"all": 1, "in place": 1}


def test_every_row_of_a_sign_in_and_a_refresh_is_found_by_an_index(user: User) -> None:
    browser = Browser()
    with connection.cursor() as cursor:
        # With so few rows as here PostgreSQL would read a table whole, index or not.
        cursor.execute("SET LOCAL enable_seqscan = off")

    with explained() as scans:
        browser.sign_in(user.email)
        assert browser.refresh().status_code == 200

    # Account; account again, locked, and once more, kept; its sessions, three times; the rest. In
    # tables of which much was rolled back, PostgreSQL may look once more.
    assert len(scans) >= 9
    assert "Seq Scan" not in scans


LATER = timedelta(days=400)


@pytest.mark.parametrize(
    ("other_session", "other_user", "is_active", "later", "is_found"),
    [
        (False, False, True, timedelta(0), True),
        (True, False, True, timedelta(0), False),
        (False, True, True, timedelta(0), False),
        (False, False, False, timedelta(0), False),
        (False, False, True, LATER, False),
    ],
    ids=["as it is", "of another session", "of another user", "closed account", "expired"],
)
def test_session_of_an_access_token_is_found_while_it_lives(
    other_session: bool,
    other_user: bool,
    is_active: bool,
    later: timedelta,
    is_found: bool,
    signed_in: Browser,
) -> None:
    now = timezone.now() + later
    User.objects.update(is_active=is_active)
    token = tokens.AccessToken(cast(Any, signed_in.access))
    if other_user:
        token["sub"] = str(make_user().pk)
    if other_session:
        token["sid"] = str(uuid.uuid4())
    token = tokens.AccessToken(cast(Any, str(token)))

    assert (live_sessions.find(token, now=now) is not None) == is_found
    assert live_sessions.exists(token, now=now) == is_found
