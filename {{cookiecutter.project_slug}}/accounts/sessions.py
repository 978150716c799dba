"""Sessions: the only writer of their rows.

Opening, rotating and ending a replayed session are one conditional statement each, outside any
transaction of ours: the database decides a race, and no refusal rolls a revocation back. Raw SQL
stands where the ORM has no ``INSERT ... SELECT ... FOR SHARE`` and no
``UPDATE ... FROM ... RETURNING``, and where composing a query costs more than all else that a
request does: reading the session behind an access token.
"""

import uuid
from datetime import datetime, timedelta
from functools import cache

from django.db import DEFAULT_DB_ALIAS
from django.db.models import QuerySet

from accounts.client import Client
from accounts.conf import switches
from accounts.errors import ReauthenticationRequired, RefreshTokenReplayed, TokenNotValid
from accounts.models import Session, User
from accounts.proof import OutdatedProofError, Proof
from accounts.rows import columns, fetch_one, unhurried
from accounts.tokens import AccessClaims, Grant, RefreshClaims
from core import security_log

PURGE_BATCH = 1_000
"""Rows a purging statement deletes at most, so that none holds its locks for long."""
PURGE_SECONDS = 200
"""Then the rest waits for the next purge: a task may take 240."""

RECENT = timedelta(minutes=15)
"""How long a sign-in counts as proof that it is the owner who asks for what could lock them out."""

# The share lock makes a password change in flight finish first, and then the hash matches no more.
# Without it a login with the old password would outlive the change that was to end it.
_OPEN = """
    WITH proven AS (
        SELECT id, role, email_verified FROM accounts_user
        WHERE id = %(user_id)s AND password = %(password_hash)s AND is_active
            AND CASE WHEN has_second_factor THEN %(with_second_factor)s OR NOT %(asks_holders)s
                ELSE NOT (%(with_second_factor)s OR %(asks_others)s) END
        FOR SHARE
    ), opened AS (
        INSERT INTO accounts_session
            (id, user_id, refresh_jti, created_at, rotated_at, expires_at, ip_address, user_agent,
            with_second_factor)
        SELECT %(session_id)s, id, %(refresh_jti)s, %(now)s, %(now)s, %(expires_at)s,
            %(ip)s, %(user_agent)s, %(with_second_factor)s
        FROM proven
    )
    SELECT role, email_verified FROM proven
"""

# A session that this waited for may bring back the role from before a demotion. No harm is done:
# whoever changes a role ends the person's sessions after writing it, and so this one.
_ROTATE = """
    UPDATE accounts_session AS session SET
        refresh_jti = %(successor)s,
        previous_jti = refresh_jti,
        rotated_at = %(now)s,
        expires_at = LEAST(
            %(now)s + %(refresh_lifetime)s, created_at + %(session_lifetime)s::interval
        ),
        ip_address = %(ip)s,
        user_agent = %(user_agent)s
    FROM accounts_user AS person
    WHERE session.id = %(session_id)s
        AND session.refresh_jti = %(presented)s
        AND session.expires_at > %(now)s
        AND person.id = session.user_id
        AND person.id = %(user_id)s
        AND person.is_active
        AND CASE WHEN person.has_second_factor
            THEN session.with_second_factor OR NOT %(asks_holders)s ELSE NOT %(asks_others)s END
    RETURNING session.expires_at, person.role, person.email_verified
"""

# ``_live_rows``, with both rows: a test holds that they are the same.
_FIND = """
    SELECT {columns} FROM accounts_session AS session
    JOIN accounts_user AS person ON person.id = session.user_id
    WHERE session.id = %(session_id)s AND session.user_id = %(user_id)s
        AND session.expires_at > %(now)s AND person.is_active
"""


def open_session(*, proof: Proof, client: Client, now: datetime) -> Grant:
    """Opens a session for a person who has just shown who they are.

    Raises:
        OutdatedProofError: the password changed, the account was closed, or its second factor came
            or went in the meantime.
    """
    session_id, refresh_jti = uuid.uuid4(), uuid.uuid4()
    expires_at = _first_expiry(now)
    row = fetch_one(
        _OPEN,
        {
            "user_id": proof.user_id,
            "password_hash": proof.password_hash,
            "with_second_factor": proof.second_factor_shown,
            "session_id": session_id,
            "refresh_jti": refresh_jti,
            "now": now,
            "expires_at": expires_at,
            "ip": client.ip,
            "user_agent": client.user_agent,
            **_mode(),
        },
    )
    if row is None:
        raise OutdatedProofError
    return Grant(proof.user_id, session_id, refresh_jti, now, expires_at, *row)


def rotate(*, claims: RefreshClaims, client: Client, now: datetime) -> Grant:
    """Spends a refresh token; the grant is what its successor is signed from.

    A token that was spent less than ``JWT_ALLAUTH_REFRESH_REUSE_LEEWAY`` seconds ago brings the
    same successor again: two tabs, or a retry after a lost answer. Any other spent token has been
    copied, and its session ends (RFC 9700, section 4.14.2).

    Raises:
        RefreshTokenReplayed: the session has just been ended, the token being a copy.
        TokenNotValid: the session is over.
    """
    successor = uuid.uuid4()
    row = fetch_one(
        _ROTATE,
        {
            "session_id": claims.session_id,
            "user_id": claims.user_id,
            "presented": claims.jti,
            "successor": successor,
            "now": now,
            "refresh_lifetime": switches.refresh_token_lifetime,
            "session_lifetime": switches.session_lifetime,
            "ip": client.ip,
            "user_agent": client.user_agent,
            **_mode(),
        },
    )
    if row is None:
        return _repeat_or_end(claims, now)
    return Grant(claims.user_id, claims.session_id, successor, now, *row)


def _repeat_or_end(claims: RefreshClaims, now: datetime) -> Grant:
    """Tells apart why a token did not rotate: its session is over, it was just spent, or copied."""
    session = _live(claims.session_id, claims.user_id, now)
    if session is None or session.refresh_jti == claims.jti:
        raise TokenNotValid
    if not _just_spent(session, claims.jti, now):
        raise _end_replayed(session)
    return Grant(
        session.user_id,
        session.id,
        session.refresh_jti,
        session.rotated_at,
        session.expires_at,
        session.user.role,
        session.user.email_verified,
    )


def _just_spent(session: Session, jti: uuid.UUID, now: datetime) -> bool:
    leeway = switches.refresh_reuse_leeway
    # A leeway of nothing is off even where another server's clock is ahead of ours.
    return bool(leeway) and session.previous_jti == jti and now - session.rotated_at < leeway


def _end_replayed(session: Session) -> TokenNotValid:
    """Of several requests with copies, one ends the session, and one letter is written."""
    if not revoke(session_id=session.id, user_id=session.user_id):
        return TokenNotValid()
    security_log.record(
        "refresh_replayed", account=session.user_id, session=session.id, alarming=True
    )
    return RefreshTokenReplayed(session.user.email)


def find_live(claims: AccessClaims, *, now: datetime) -> Session | None:
    """The session an access token belongs to, with its user, read in one query."""
    return _live(claims.session_id, claims.user_id, now)


def is_live(claims: AccessClaims | RefreshClaims, *, now: datetime) -> bool:
    return _live_rows(now).filter(pk=claims.session_id, user_id=claims.user_id).exists()


def require_recent(session: Session, *, now: datetime) -> None:
    """
    Raises:
        ReauthenticationRequired: the person signed in longer ago than 15 minutes.
    """
    if session.created_at <= now - RECENT:
        raise ReauthenticationRequired


def mark(session: Session, *, with_second_factor: bool) -> bool:
    """Whoever holds the session has just shown one, or given it up.

    Returns:
        False where the session has ended in the meantime.
    """
    live = Session.objects.filter(pk=session.pk)
    return bool(live.update(with_second_factor=with_second_factor))


def list_live(user_id: uuid.UUID, *, now: datetime) -> QuerySet[Session]:
    """A person's sessions, the one used last first."""
    return _live_rows(now).filter(user_id=user_id).order_by("-rotated_at")


def revoke(*, session_id: uuid.UUID, user_id: uuid.UUID) -> bool:
    """Ends one session of a person; False where they have no such session."""
    ended, _ = Session.objects.filter(pk=session_id, user_id=user_id).delete()
    if ended:
        security_log.record("session_revoked", account=user_id, session=session_id)
    return bool(ended)


def revoke_all(*, user_id: uuid.UUID) -> int:
    """Ends every session of a person and says how many there were."""
    return revoke_others(user_id=user_id, kept=None)


def revoke_others(*, user_id: uuid.UUID, kept: uuid.UUID | None) -> int:
    """Ends every session of a person but one, if any is kept, and says how many there were."""
    others = Session.objects.filter(user_id=user_id)
    ended, _ = (others if kept is None else others.exclude(pk=kept)).delete()
    if ended:
        security_log.record("sessions_revoked", account=user_id, count=ended)
    return ended


def revoke_everybody() -> int:
    """Ends every session there is: for the day a signing key has leaked."""
    ended, _ = Session.objects.all().delete()
    security_log.record("sessions_revoked", alarming=True, count=ended)
    return ended


def purge(*, now: datetime) -> int:
    """Deletes the rows of sessions that have expired, in batches; says how many there were.

    One pass over the table finds them: an index on what a refresh changes would cost each refresh.
    """
    expired = Session.objects.filter(expires_at__lte=now).values_list("pk", flat=True)
    found = expired.iterator(chunk_size=PURGE_BATCH)
    batches = unhurried(found, PURGE_BATCH, seconds=PURGE_SECONDS)
    return sum(_purge_batch(batch, now) for batch in batches)


def _purge_batch(session_ids: list[uuid.UUID], now: datetime) -> int:
    # Skips what is locked: a row that is being rotated is not expired a moment later.
    expired = (
        Session.objects.filter(pk__in=session_ids, expires_at__lte=now)
        .select_for_update(skip_locked=True)
        .values("pk")
    )
    ended, _ = Session.objects.filter(pk__in=expired).delete()
    return ended


def _live(session_id: uuid.UUID, user_id: uuid.UUID, now: datetime) -> Session | None:
    row = fetch_one(_find_statement(), {"session_id": session_id, "user_id": user_id, "now": now})
    if row is None:
        return None
    names, person_names = columns(Session), columns(User)
    session = Session.from_db(DEFAULT_DB_ALIAS, names, row[: len(names)])
    session.user = User.from_db(DEFAULT_DB_ALIAS, person_names, row[len(names) :])
    return session


@cache
def _find_statement() -> str:
    tables = {"session": Session, "person": User}
    names = [f"{table}.{name}" for table, model in tables.items() for name in columns(model)]
    return _FIND.format(columns=", ".join(names))


def _live_rows(now: datetime) -> QuerySet[Session]:
    return Session.objects.filter(expires_at__gt=now, user__is_active=True)


def _mode() -> dict[str, bool]:
    """Whom the second factor is asked of. The last word is the statement's, whoever calls."""
    mode = switches.mfa_mode
    return {
        "asks_holders": mode.asks(has_second_factor=True),
        "asks_others": mode.asks(has_second_factor=False),
    }


def _first_expiry(now: datetime) -> datetime:
    lifetimes = (switches.refresh_token_lifetime, switches.session_lifetime)
    return now + min(lifetime for lifetime in lifetimes if lifetime is not None)
