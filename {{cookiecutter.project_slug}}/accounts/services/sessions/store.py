"""Opens and ends sessions.

Each operation is one conditional statement: concurrent requests cannot both succeed, and no
refused request rolls a revocation back. Raw SQL is used where the ORM has no ``INSERT ... SELECT
... FOR NO KEY UPDATE`` and no ``DELETE ... RETURNING`` into another table.
"""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from psycopg.types.json import Json

from accounts.conf import switches
from accounts.errors import ReauthenticationRequired
from accounts.models import Session, User
from accounts.services import history
from accounts.services.client import Client
from accounts.services.credentials import MULTI_FACTOR, Credentials, OutdatedCredentialsError
from accounts.services.sessions.tokens import Grant
from core.client_ip import history_network_of
from core.db import fetch_one
from core.logging import security_log

RECENT = timedelta(minutes=15)
"""For how long after signing in the account's security settings may be changed."""

# The row lock waits for a password change that is under way; then the hash no longer matches.
# Without the lock, a login with the old password would outlive the change that revokes it. The new
# session counts as used last, even if the clock of another server is ahead.
_OPEN = """
    WITH account AS (
        SELECT id, role, email_verified FROM accounts_user
        WHERE id = %(user_id)s AND password = %(password_hash)s AND is_active
            AND CASE WHEN has_second_factor
                THEN %(with_second_factor)s OR %(is_trusted)s OR NOT %(asks_enrolled)s
                ELSE NOT (%(with_second_factor)s OR %(is_trusted)s OR %(asks_not_enrolled)s) END
        FOR NO KEY UPDATE
    ), opened AS (
        INSERT INTO accounts_session
            (id, user_id, refresh_jti, created_at, rotated_at, expires_at, ip_address, user_agent,
            with_second_factor, trusted_device_id, methods)
        SELECT %(session_id)s, id, %(refresh_jti)s, %(created_at)s,
            GREATEST(%(now)s, (
                SELECT max(rotated_at) + interval '1 microsecond' FROM accounts_session
                WHERE user_id = %(user_id)s)),
            %(expires_at)s, %(ip)s, %(user_agent)s, %(with_second_factor)s,
            %(trusted_device_id)s, %(methods)s
        FROM account
    ), kept AS (
        UPDATE accounts_user SET purge_after = NULL
        WHERE purge_after IS NOT NULL AND id IN (SELECT id FROM account)
    ), noted AS (
        INSERT INTO accounts_securityevent (user_id, at, event, network, user_agent, facts)
        SELECT id, %(noted_at)s, %(event)s, %(network)s, %(user_agent)s, %(facts)s FROM account
    )
    SELECT role, email_verified FROM account
"""

# Constraints of the database delete what a session began (migration 0005). The rows are locked in
# one order, so that two statements that end the same sessions do not deadlock.
_END = """
    WITH locked AS (
        SELECT id FROM accounts_session WHERE {which} ORDER BY id FOR UPDATE
    ), ended AS (
        DELETE FROM accounts_session WHERE id IN (SELECT id FROM locked) RETURNING *
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

_ONE = "id = %(session_id)s AND user_id = %(user_id)s"
_ALL = "user_id = %(user_id)s"
_OTHERS = "user_id = %(user_id)s AND id <> %(kept)s"
_SURPLUS = """id IN (
            SELECT id FROM accounts_session
            WHERE user_id = %(user_id)s AND expires_at > %(now)s
            ORDER BY rotated_at DESC, id OFFSET %(kept)s)"""


def open_session(*, credentials: Credentials, client: Client, now: datetime) -> Grant:
    """Opens a session of the account, and notes it in the history, in one statement.

    Raises:
        OutdatedCredentialsError: the password changed, the account was closed, or its second
            factor came or went in the meantime.
    """
    session_id, refresh_jti = uuid.uuid4(), uuid.uuid4()
    created_at = credentials.signed_in_at or now
    expires_at = _first_expiry(created_at, now)
    opening = {
        "user_id": credentials.user_id,
        "password_hash": credentials.password_hash,
        "with_second_factor": credentials.second_factor_shown,
        "trusted_device_id": credentials.trusted_device_id,
        "is_trusted": credentials.trusted_device_id is not None,
        "methods": list(credentials.methods),
        "session_id": session_id,
        "refresh_jti": refresh_jti,
        "now": now,
        "created_at": created_at,
        "expires_at": expires_at,
        "ip": client.ip,
        "user_agent": client.user_agent,
        "noted_at": timezone.now(),
        "event": history.SIGN_IN,
        "network": history_network_of(client.ip),
        "facts": Json({} if credentials.device_id else {"device": "new_device"}),
        **factor_conditions(),
    }
    row = fetch_one(_OPEN, opening)
    if row is None:
        raise OutdatedCredentialsError
    role, email_verified = row
    ids = (credentials.user_id, session_id, refresh_jti)
    return Grant(*ids, now, expires_at, role, email_verified, credentials.methods)


def end_surplus(user_id: uuid.UUID, *, now: datetime) -> None:
    """Ends the sessions over ``JWT_ALLAUTH_MAX_SESSIONS`` that were used longest ago.

    A statement of its own: it also sees sessions that concurrent logins have just opened.
    """
    ended = _end(_SURPLUS, now=now, user_id=user_id, kept=switches.max_sessions)
    if ended:
        security_log.record("session_limit_reached", account=user_id, count=ended)


def require_recent(session: Session, *, now: datetime) -> None:
    """
    Raises:
        ReauthenticationRequired: the user signed in more than 15 minutes ago, or on a trusted
            device without the second factor.
    """
    if session.created_at <= now - RECENT or session.trusted_device_id:
        raise ReauthenticationRequired


def require_second_factor(session: Session) -> None:
    """
    Raises:
        ReauthenticationRequired: the account has a second factor, and the session has shown none.
    """
    is_asked = switches.mfa_mode.asks(has_second_factor=session.user.has_second_factor)
    if is_asked and session.user.has_second_factor and not session.with_second_factor:
        raise ReauthenticationRequired


def add_second_factor(session: Session, method: str) -> bool:
    """Records that the user has just shown a second factor. False if the session has ended."""
    methods = [*dict.fromkeys((*session.methods, method, MULTI_FACTOR))]
    live = Session.objects.filter(pk=session.pk)
    return bool(live.update(methods=methods, with_second_factor=True))


def drop_second_factor(session: Session) -> bool:
    """Records that the user has just removed the second factor. False if the session has ended."""
    # The first method is that of the sign-in.
    live = Session.objects.filter(pk=session.pk)
    return bool(live.update(methods=session.methods[:1], with_second_factor=False))


@transaction.atomic(savepoint=False)
def revoke(*, session_id: uuid.UUID, user_id: uuid.UUID) -> bool:
    """Ends one session; False if the user has no such session."""
    ended = _end(_ONE, now=timezone.now(), session_id=session_id, user_id=user_id)
    if ended:
        security_log.record("session_revoked", account=user_id, session=session_id)
    return bool(ended)


@transaction.atomic(savepoint=False)
def revoke_all(*, user_id: uuid.UUID) -> int:
    """Ends every session of the user and returns how many there were.

    The row lock of the account (see ``accounts.services.mfa.authenticators``) waits for a session
    that is being opened, which then ends too, and holds back a change of address.
    """
    User.objects.lock(user_id)
    return revoke_others(user_id=user_id, kept=None)


@transaction.atomic(savepoint=False)
def revoke_others(*, user_id: uuid.UUID, kept: uuid.UUID | None) -> int:
    """Ends every session of the user but ``kept`` and returns how many ended."""
    which = _ALL if kept is None else _OTHERS
    ended = _end(which, now=timezone.now(), user_id=user_id, kept=kept)
    if ended:
        security_log.record("sessions_revoked", account=user_id, count=ended)
    return ended


def revoke_everybody() -> int:
    """Ends every session of every account: for a leaked signing key."""
    ended, _ = Session.objects.all().delete()
    security_log.record("sessions_revoked", alarming=True, count=ended)
    return ended


def _end(which: str, *, now: datetime, **parameters: Any) -> int:
    """
    Args:
        which: the condition in ``_END``.

    Returns:
        how many sessions ended.
    """
    (ended,) = fetch_one(_END.format(which=which), {"now": now, **parameters}) or (0,)
    return int(ended)


def factor_conditions() -> dict[str, bool]:
    """Parameters of the statements that check whether the mode asks for a second factor."""
    mode = switches.mfa_mode
    return {
        "asks_enrolled": mode.asks(has_second_factor=True),
        "asks_not_enrolled": mode.asks(has_second_factor=False),
        "trusts_devices": switches.mfa_trust_lifetime is not None,
    }


def _first_expiry(created_at: datetime, now: datetime) -> datetime:
    expires_at = now + switches.refresh_token_lifetime
    if switches.session_lifetime is None:
        return expires_at
    return min(expires_at, created_at + switches.session_lifetime)
