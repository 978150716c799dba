"""Completes every sign-in: verified credentials become tokens, or a login challenge."""

from dataclasses import dataclass, replace
from datetime import datetime

from accounts import emails, notices
from accounts.conf import switches
from accounts.errors import IncorrectCredentials, InvalidChallenge, TokenNotValid
from accounts.models import User
from accounts.services.client import Client
from accounts.services.credentials import Credentials, OutdatedCredentialsError
from accounts.services.mfa import challenges
from accounts.services.mfa.challenges import IssuedChallenge, Kind
from accounts.services.passwords import recognised_devices
from accounts.services.sessions import rotation, store, tokens
from accounts.services.sessions.tokens import Tokens
from core.logging import security_log
from core.ratelimit import throttling


@dataclass(frozen=True, slots=True)
class SignedIn:
    """``device`` is what the client keeps, to be known by the next time."""

    tokens: Tokens
    device: str


SignInResult = SignedIn | IssuedChallenge


def complete_sign_in(
    credentials: Credentials, *, client: Client, now: datetime, owner_knows: bool = False
) -> SignInResult:
    """Opens a session, unless a second factor is to be shown or set up first.

    Args:
        owner_knows: of this sign-in, by another e-mail or because they have just signed up. If not,
            they get an e-mail where the device is a new one.

    Raises:
        IncorrectCredentials: the password changed, or the account was closed, in the meantime.
    """
    try:
        kind = _required_challenge(credentials)
        if kind is not None:
            return _open_challenge(credentials, kind, now)
        return _open_session(credentials, client, now, owner_knows)
    except OutdatedCredentialsError:
        raise IncorrectCredentials from None


def remember_device(
    credentials: Credentials, *, client: Client, now: datetime, owner_knows: bool = False
) -> str:
    """Receives a device after a sign-in, and tells the owner if it is a new one.

    Returns:
        what it keeps, to be known by the next time.
    """
    kept = client.device_token
    device = credentials.device or recognised_devices.recognise(
        kept, user_id=credentials.user_id, password_hash=credentials.password_hash, now=now
    )
    if not device:
        security_log.record("new_device", account=credentials.user_id)
    if not device and not owner_knows:
        _notify_of_new_device(credentials, client)
    return recognised_devices.issue(
        user_id=credentials.user_id,
        password_hash=credentials.password_hash,
        now=now,
        device=device,
        kept=kept,
    )


def _notify_of_new_device(credentials: Credentials, client: Client) -> None:
    # Not each time: a script that keeps no cookie is a new device whenever it signs in.
    if switches.new_device_emails and throttling.allows(
        "new_device_account", of=credentials.user_id
    ):
        # Not what the device calls itself: an e-mail of ours must not say what a stranger wrote.
        notices.tell_owner(
            emails.new_device,
            to=credentials.email,
            verified=credentials.email_verified,
            parameters={"ip": client.ip},
        )


def complete_sign_in_with_second_factor(
    user: User, *, client: Client, now: datetime, owner_knows: bool = False
) -> SignInResult:
    """Opens a session for a user whose challenge is consumed.

    Raises:
        InvalidChallenge: the password changed, or the second factor went, in the meantime.
    """
    credentials = Credentials.of(user, second_factor_shown=True)
    try:
        return complete_sign_in(credentials, client=client, now=now, owner_knows=owner_knows)
    except IncorrectCredentials:
        raise InvalidChallenge from None


def complete_sign_in_by_link(
    credentials: Credentials, *, client: Client, now: datetime
) -> SignInResult:
    """Signs in a user who has just set a password with the cookie of a link.

    Where a second factor is required, nobody is signed in yet: the session that the browser had is
    revoked. The client gets a device token, so that the rate limit counts the sign-in that follows
    apart from the guesses of strangers.

    Raises:
        IncorrectCredentials: see ``complete_sign_in``.
    """
    result = complete_sign_in(credentials, client=client, now=now, owner_knows=True)
    if isinstance(result, SignedIn):
        return result
    revoke_former_session(client, now=now)
    device = recognised_devices.issue(
        user_id=credentials.user_id,
        password_hash=credentials.password_hash,
        now=now,
        kept=client.device_token,
    )
    return replace(result, device=device)


def _required_challenge(credentials: Credentials) -> Kind | None:
    if credentials.second_factor_shown or not switches.mfa_mode.asks(
        has_second_factor=credentials.has_second_factor
    ):
        return None
    return Kind.VERIFY if credentials.has_second_factor else Kind.SETUP


def _open_challenge(credentials: Credentials, kind: Kind, now: datetime) -> IssuedChallenge:
    challenge = challenges.open_challenge(credentials=credentials, kind=kind, now=now)
    security_log.record("challenge_opened", account=credentials.user_id, kind=str(kind))
    return challenge


def _open_session(
    credentials: Credentials, client: Client, now: datetime, owner_knows: bool
) -> SignedIn:
    grant = store.open_session(credentials=credentials, client=client, now=now)
    security_log.record(
        "session_opened",
        account=grant.user_id,
        session=grant.session_id,
        second_factor=credentials.second_factor_shown,
    )
    revoke_former_session(client, now=now)
    device = remember_device(credentials, client=client, now=now, owner_knows=owner_knows)
    return SignedIn(tokens.sign(grant, now=now), device)


def revoke_former_session(client: Client, *, now: datetime) -> None:
    """Ends the session that the browser had, of any account: its cookie is about to be replaced."""
    if not client.former_refresh_token:
        return
    try:
        token = tokens.read_refresh(client.former_refresh_token)
    except TokenNotValid:
        return
    rotation.revoke_presented(token, client, now=now)
