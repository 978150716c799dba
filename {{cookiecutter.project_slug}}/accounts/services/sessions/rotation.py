"""Rotates refresh tokens, and ends the session of one that was copied.

One conditional UPDATE decides, outside any transaction: of two requests with one token one rotates
it, and no refused request rolls the revocation back. The ORM has no ``UPDATE ... FROM ...
RETURNING``.
"""

import uuid
from datetime import datetime

from accounts.conf import switches
from accounts.errors import RefreshTokenReplayed, TokenNotValid
from accounts.models import EndedSession, Session
from accounts.services.client import Client
from accounts.services.sessions import live_sessions, store
from accounts.services.sessions.tokens import Grant, RefreshToken
from core.client_ip import client_key_of
from core.db import fetch_one
from core.logging import security_log

# After waiting for a lock, PostgreSQL may return the role from before a demotion. It is harmless:
# every change of a role ends the user's sessions after writing it, this one included.
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
            THEN session.with_second_factor OR NOT %(asks_enrolled)s
                OR (%(trusts_devices)s AND EXISTS (
                    SELECT FROM accounts_trusteddevice AS device
                    WHERE device.id = session.trusted_device_id AND device.expires_at > %(now)s
                ))
            ELSE NOT %(asks_not_enrolled)s END
    RETURNING session.expires_at, person.role, person.email_verified, session.methods
"""


def rotate(*, token: RefreshToken, client: Client, now: datetime) -> Grant:
    """Consumes a refresh token and returns what its successor is signed from.

    For ``JWT_ALLAUTH_REFRESH_REUSE_LEEWAY`` seconds the client that rotated a token gets the same
    successor again: two tabs, or a retry after a lost response. Any other rotated token has been
    copied, and its session ends (RFC 9700, section 4.14.2).

    Raises:
        RefreshTokenReplayed: the token is a copy; its session has just been ended.
        TokenNotValid: the session has ended.
    """
    successor = uuid.uuid4()
    row = fetch_one(
        _ROTATE,
        {
            "session_id": token.session_id,
            "user_id": token.user_id,
            "presented": token.id,
            "successor": successor,
            "now": now,
            "refresh_lifetime": switches.refresh_token_lifetime,
            "session_lifetime": switches.session_lifetime,
            "ip": client.ip,
            "user_agent": client.user_agent,
            **store.factor_conditions(),
        },
    )
    if row is None:
        return _repeat_or_end(token, client, now)
    return Grant(token.user_id, token.session_id, successor, now, *row)


def revoke_presented(token: RefreshToken, client: Client, *, now: datetime) -> None:
    """Ends the session of a refresh token that ``rotate`` would accept now.

    An older token ends nothing: a copy of it must not sign its owner out.
    """
    session = _find_live(token, now)
    if session is None:
        return
    if session.refresh_jti == token.id or _is_allowed_retry(session, token.id, client, now):
        store.revoke(session_id=session.pk, user_id=session.user_id)


def _repeat_or_end(token: RefreshToken, client: Client, now: datetime) -> Grant:
    """Handles a token that did not rotate: it was just rotated, copied, or its session has ended.

    Raises:
        RefreshTokenReplayed, TokenNotValid: see ``rotate``.
    """
    session = _find_live(token, now)
    if session is None:
        raise _refuse_ended(token, client, now)
    if session.refresh_jti == token.id:
        raise TokenNotValid
    if not _is_allowed_retry(session, token.id, client, now):
        raise _end_replayed(session)
    security_log.record("refresh_repeated", account=session.user_id, session=session.id)
    return Grant(
        session.user_id,
        session.id,
        session.refresh_jti,
        session.rotated_at,
        session.expires_at,
        session.user.role,
        session.user.email_verified,
        session.methods,
    )


def _find_live(token: RefreshToken, now: datetime) -> Session | None:
    sessions = live_sessions.query(now).select_related("user")
    return sessions.filter(pk=token.session_id, user_id=token.user_id).first()


def _is_allowed_retry(
    session: Session | EndedSession, jti: uuid.UUID, client: Client, now: datetime
) -> bool:
    """Whether the client that rotated the token presents it again, within the leeway.

    The user agent and the address, or its /64, must be the same: otherwise, a thief elsewhere would
    get the successor (decision 8).
    """
    leeway = switches.refresh_reuse_leeway
    return (
        # A leeway of 0 is off, even if another server's clock is ahead.
        bool(leeway)
        and session.previous_jti == jti
        and session.user_agent == client.user_agent
        and client_key_of(session.ip_address) == client_key_of(client.ip)
        and now - session.rotated_at < leeway
    )


def _end_replayed(session: Session) -> TokenNotValid:
    store.revoke(session_id=session.pk, user_id=session.user_id)
    return _report_once(session)


def _refuse_ended(token: RefreshToken, client: Client, now: datetime) -> TokenNotValid:
    """Detects a thief who rotated the token and then logged out: the owner's token comes later."""
    ended = EndedSession.objects.select_related("user").filter(
        pk=token.session_id, user_id=token.user_id, user__is_active=True
    )
    session = ended.exclude(refresh_jti=token.id).first()
    if session is None or _is_allowed_retry(session, token.id, client, now):
        return TokenNotValid()
    return _report_once(session)


def _report_once(session: Session | EndedSession) -> TokenNotValid:
    """Of several requests with copies, only the one that deletes the row reports the replay."""
    deleted, _ = EndedSession.objects.filter(pk=session.pk).delete()
    if not deleted:
        return TokenNotValid()
    security_log.record(
        "refresh_replayed", account=session.user_id, session=session.pk, alarming=True
    )
    return RefreshTokenReplayed()
