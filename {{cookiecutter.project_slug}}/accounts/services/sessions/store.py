"""Sessions: opened, found and ended.

Opening and ending a session are one conditional statement each: the database decides a race, and
no refusal rolls a revocation back. Raw SQL stands where the ORM has no ``INSERT ... SELECT ... FOR
NO KEY UPDATE`` and no ``DELETE ... RETURNING`` into another table.
"""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.conf import switches
from accounts.errors import ReauthenticationRequired
from accounts.models import Session, User
from accounts.services.client import Client
from accounts.services.credentials import Credentials, OutdatedCredentialsError
from accounts.services.sessions.tokens import AccessToken, Grant, RefreshToken
from core.db import fetch_one
from core.logging import security_log

RECENT = timedelta(minutes=15)
"""How long a sign-in counts as proof that it is the owner who asks for what could lock them out."""

# The row lock makes a password change in flight finish first, and then the hash matches no more.
# Without it a login with the old password would outlive the change that was to end it. The lock
# also has an account's sessions open one after another, so that their number is exact.
_OPEN = """
    WITH account AS (
        SELECT id, role, email_verified FROM accounts_user
        WHERE id = %(user_id)s AND password = %(password_hash)s AND is_active
            AND CASE WHEN has_second_factor THEN %(with_second_factor)s OR NOT %(asks_holders)s
                ELSE NOT (%(with_second_factor)s OR %(asks_others)s) END
        FOR NO KEY UPDATE
    ), opened AS (
        INSERT INTO accounts_session
            (id, user_id, refresh_jti, created_at, rotated_at, expires_at, ip_address, user_agent,
            with_second_factor)
        SELECT %(session_id)s, id, %(refresh_jti)s, %(now)s, %(now)s, %(expires_at)s,
            %(ip)s, %(user_agent)s, %(with_second_factor)s
        FROM account
    ), kept AS (
        UPDATE accounts_user SET purge_after = NULL
        WHERE purge_after IS NOT NULL AND id IN (SELECT id FROM account)
    )
    SELECT role, email_verified FROM account
"""

# What a session began ends with it: constraints of the database delete those rows (migration 0005).
_END = """
    WITH ended AS (
        DELETE FROM accounts_session WHERE {which} RETURNING *
    ), noted AS (
        INSERT INTO accounts_endedsession
            (id, user_id, refresh_jti, previous_jti, rotated_at, ip_address, user_agent,
            expires_at, ended_at)
        SELECT id, user_id, refresh_jti, previous_jti, rotated_at, ip_address, user_agent,
            expires_at, %(now)s
        FROM ended WHERE previous_jti IS NOT NULL AND expires_at > %(now)s
    )
    SELECT count(*) FROM ended
"""

# The same read by the ORM takes 1.6 ms of CPU time, this one 0.6 ms (measured alone).
# All columns of the account are read, so fields that a project adds are there.
_FIND_LIVE = """
    SELECT person.*,
        CASE WHEN change.expires_at > %(now)s THEN change.email ELSE '' END AS pending_email,
        session.id AS session_id, session.refresh_jti AS session_refresh_jti,
        session.previous_jti AS session_previous_jti, session.created_at AS session_created_at,
        session.rotated_at AS session_rotated_at, session.expires_at AS session_expires_at,
        session.with_second_factor AS session_with_second_factor,
        session.ip_address AS session_ip_address, session.user_agent AS session_user_agent
    FROM accounts_session AS session
    JOIN accounts_user AS person ON person.id = session.user_id
    LEFT JOIN accounts_emailchange AS change ON change.user_id = person.id
    WHERE session.id = %(session_id)s AND person.id = %(user_id)s
        AND session.expires_at > %(now)s AND person.is_active
"""
_READ = (
    *("id", "refresh_jti", "previous_jti", "created_at", "rotated_at", "expires_at"),
    *("with_second_factor", "ip_address", "user_agent"),
)
"""What ``_FIND_LIVE`` reads of a session, in the order of the model. PostgreSQL's driver returns
these types as the fields have them. A field that a project adds is read when it is asked for."""

_ONE = "id = %(session_id)s AND user_id = %(user_id)s"
_ALL = "user_id = %(user_id)s"
_OTHERS = "user_id = %(user_id)s AND id <> %(kept)s"
_SURPLUS = """id IN (
            SELECT id FROM accounts_session
            WHERE user_id = %(user_id)s AND id <> %(opened)s AND expires_at > %(now)s
            ORDER BY rotated_at DESC, id OFFSET %(others)s)"""


def open_session(*, credentials: Credentials, client: Client, now: datetime) -> Grant:
    """Opens a session for a person who has just shown who they are.

    An account with ``JWT_ALLAUTH_MAX_SESSIONS`` of them loses the one used longest ago.

    Raises:
        OutdatedCredentialsError: the password changed, the account was closed, or its second
            factor came or went in the meantime.
    """
    session_id, refresh_jti = uuid.uuid4(), uuid.uuid4()
    expires_at = _first_expiry(now)
    opening = {
        "user_id": credentials.user_id,
        "password_hash": credentials.password_hash,
        "with_second_factor": credentials.second_factor_shown,
        "session_id": session_id,
        "refresh_jti": refresh_jti,
        "now": now,
        "expires_at": expires_at,
        "ip": client.ip,
        "user_agent": client.user_agent,
        **factor_conditions(),
    }
    with transaction.atomic(savepoint=False):
        row = fetch_one(_OPEN, opening)
        if row is not None:
            _end_surplus(credentials.user_id, session_id, now)
    if row is None:
        raise OutdatedCredentialsError
    return Grant(credentials.user_id, session_id, refresh_jti, now, expires_at, *row)


def _end_surplus(user_id: uuid.UUID, opened: uuid.UUID, now: datetime) -> None:
    others = switches.max_sessions - 1
    ended = _end(_SURPLUS, now=now, user_id=user_id, opened=opened, others=others)
    if ended:
        security_log.record("session_limit_reached", account=user_id, count=ended)


def find_live(token: AccessToken | RefreshToken, *, now: datetime) -> Session | None:
    """The session that a token belongs to, with its user, read in one query."""
    found = User.objects.raw(
        _FIND_LIVE, {"session_id": token.session_id, "user_id": token.user_id, "now": now}
    )
    return next(map(_session_of, found), None)


def _session_of(user: User) -> Session:
    """The session that ``_FIND_LIVE`` read with its user."""
    values = [getattr(user, f"session_{name}") for name in _READ]
    session: Session = Session.from_db(DEFAULT_DB_ALIAS, _READ, values)
    session.user = user
    return session


def is_live(token: AccessToken | RefreshToken, *, now: datetime) -> bool:
    return _live_rows(now).filter(pk=token.session_id, user_id=token.user_id).exists()


def require_recent(session: Session, *, now: datetime) -> None:
    """
    Raises:
        ReauthenticationRequired: the person signed in longer ago than 15 minutes.
    """
    if session.created_at <= now - RECENT:
        raise ReauthenticationRequired


def set_second_factor(session: Session, *, with_second_factor: bool) -> bool:
    """Notes that the session's person has just shown a second factor, or given it up.

    Returns:
        False where the session has ended in the meantime.
    """
    live = Session.objects.filter(pk=session.pk)
    return bool(live.update(with_second_factor=with_second_factor))


def list_live(user_id: uuid.UUID, *, now: datetime) -> QuerySet[Session]:
    """A person's sessions, the ones used last: as many as an account may have."""
    latest = _live_rows(now).filter(user_id=user_id).order_by("-rotated_at")
    return latest[: switches.max_sessions]


def revoke(*, session_id: uuid.UUID, user_id: uuid.UUID) -> bool:
    """Ends one session of a person; False where they have no such session."""
    ended = _end(_ONE, now=timezone.now(), session_id=session_id, user_id=user_id)
    if ended:
        security_log.record("session_revoked", account=user_id, session=session_id)
    return bool(ended)


@transaction.atomic(savepoint=False)
def revoke_all(*, user_id: uuid.UUID) -> int:
    """Ends every session of a person and says how many there were.

    The account is locked first (see ``accounts.services.mfa.authenticators``): a session that is
    just being opened is ended too, and a change of address that is just being made waits.
    """
    User.objects.select_for_update(no_key=True).filter(pk=user_id).values("pk").first()
    return revoke_others(user_id=user_id, kept=None)


def revoke_others(*, user_id: uuid.UUID, kept: uuid.UUID | None) -> int:
    """Ends every session of a person but one, if any is kept, and says how many there were."""
    which = _ALL if kept is None else _OTHERS
    ended = _end(which, now=timezone.now(), user_id=user_id, kept=kept)
    if ended:
        security_log.record("sessions_revoked", account=user_id, count=ended)
    return ended


def revoke_everybody() -> int:
    """Ends every session there is: for the day a signing key has leaked."""
    ended, _ = Session.objects.all().delete()
    security_log.record("sessions_revoked", alarming=True, count=ended)
    return ended


def _end(which: str, *, now: datetime, **parameters: Any) -> int:
    """
    Args:
        which: the condition of ``_END``.

    Returns:
        how many sessions ended.
    """
    (ended,) = fetch_one(_END.format(which=which), {"now": now, **parameters}) or (0,)
    return int(ended)


def _live_rows(now: datetime) -> QuerySet[Session]:
    return Session.objects.filter(expires_at__gt=now, user__is_active=True)


def factor_conditions() -> dict[str, bool]:
    """Who is asked for the second factor. The statement decides it, for every caller."""
    mode = switches.mfa_mode
    return {
        "asks_holders": mode.asks(has_second_factor=True),
        "asks_others": mode.asks(has_second_factor=False),
    }


def _first_expiry(now: datetime) -> datetime:
    lifetimes = (switches.refresh_token_lifetime, switches.session_lifetime)
    return now + min(lifetime for lifetime in lifetimes if lifetime is not None)
