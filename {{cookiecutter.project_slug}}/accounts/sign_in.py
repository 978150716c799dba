"""Completes every sign-in of the API: verified credentials become tokens, or a login challenge.

Ends the former session of the browser and the account's surplus sessions, and tells the owner of a
new device.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction

from accounts import emails
from accounts.conf import switches
from accounts.errors import EmailNotVerified, IncorrectCredentials, InvalidChallenge, TokenNotValid
from accounts.models import LoginChallenge, User
from accounts.services.client import Client
from accounts.services.credentials import (
    MULTI_FACTOR,
    PASSWORD,
    Credentials,
    OutdatedCredentialsError,
)
from accounts.services.mfa import challenges, trusted_devices
from accounts.services.mfa.challenges import IssuedChallenge, Kind
from accounts.services.passwords import recognised_devices
from accounts.services.sessions import live_sessions, rotation, store, tokens
from accounts.services.sessions.tokens import Grant, RefreshToken, Tokens
from core.logging import security_log
from core.ratelimit import throttling


@dataclass(frozen=True, slots=True)
class SignedIn:
    tokens: Tokens
    device_token: str
    """By which the next sign-in recognises the device."""
    trust_token: str = ""
    """That of a trusted device, if the user has just trusted this one."""


SignInResult = SignedIn | IssuedChallenge


def require_verified_email(credentials: Credentials) -> None:
    """Raises ``EmailNotVerified`` where verification is mandatory and the address is not."""
    if switches.email_verification.asks(email_verified=credentials.email_verified):
        security_log.record(
            "login_failed", account=credentials.user_id, reason="email_not_verified"
        )
        raise EmailNotVerified


def complete_sign_in(
    credentials: Credentials, *, client: Client, now: datetime, notify_owner: bool = True
) -> SignInResult:
    """Opens a session, or a challenge to show or set up the second factor.

    Args:
        notify_owner: whether an e-mail tells the owner of a new device.

    Raises:
        IncorrectCredentials: the account changed since its credentials were verified.
    """
    try:
        kind = _required_challenge(credentials)
        credentials = recognise(credentials, client=client, now=now)
        if kind is None:
            grant = store.open_session(credentials=credentials, client=client, now=now)
        else:
            granted = _open_on_trusted_device(credentials, kind, client, now)
            if granted is None:
                return _open_challenge(credentials, kind, now)
            grant = granted
    except OutdatedCredentialsError:
        raise IncorrectCredentials from None
    security_log.record(
        "session_opened",
        account=grant.user_id,
        session=grant.session_id,
        second_factor=credentials.second_factor_shown,
        trusted_device=kind is not None,
        methods=" ".join(credentials.methods),
    )
    _revoke_former_session(client, now=now)
    store.end_surplus(grant.user_id, now=now)
    device_token = remember_device(credentials, client=client, now=now, notify_owner=notify_owner)
    return SignedIn(tokens.sign(grant, now=now), device_token)


def complete_sign_in_with_second_factor(
    challenge: LoginChallenge,
    *,
    method: str,
    client: Client,
    now: datetime,
    notify_owner: bool = True,
    trust_token: str = "",
) -> SignInResult:
    """Completes the sign-in of a consumed challenge.

    Args:
        method: of the second factor, as in ``amr``.
        trust_token: see ``SignedIn``.

    Raises:
        InvalidChallenge: the account changed in the meantime.
    """
    methods = (*challenge.methods, method, MULTI_FACTOR)
    credentials = Credentials.of(challenge.user, methods=methods)
    try:
        result = complete_sign_in(credentials, client=client, now=now, notify_owner=notify_owner)
    except IncorrectCredentials:
        raise InvalidChallenge from None
    return replace(result, trust_token=trust_token) if isinstance(result, SignedIn) else result


def complete_sign_in_by_link(user: User, *, client: Client, now: datetime) -> SignInResult:
    """Completes the sign-in of a user who has just set a password with a link."""
    credentials = Credentials.of(user, methods=[PASSWORD])
    result = complete_sign_in(credentials, client=client, now=now, notify_owner=False)
    if isinstance(result, SignedIn):
        return result
    _revoke_former_session(client, now=now)
    # With a device token, a stranger's guesses do not lock the user out of the next sign-in.
    return replace(result, device_token=_issue_device_token(credentials, client, now))


def _required_challenge(credentials: Credentials) -> Kind | None:
    has_second_factor = credentials.has_second_factor
    is_asked = switches.mfa_mode.asks(has_second_factor=has_second_factor)
    if credentials.second_factor_shown or not is_asked:
        return None
    return Kind.VERIFY if has_second_factor else Kind.SETUP


def _open_challenge(credentials: Credentials, kind: Kind, now: datetime) -> IssuedChallenge:
    with transaction.atomic():
        challenge = challenges.open_challenge(credentials=credentials, kind=kind, now=now)
        security_log.record("challenge_opened", account=credentials.user_id, kind=str(kind))
    return challenge


def _open_on_trusted_device(
    credentials: Credentials, kind: Kind, client: Client, now: datetime
) -> Grant | None:
    """Opens a session without the second factor. Returns None if the device is not trusted."""
    may_skip = kind is Kind.VERIFY and switches.mfa_trust_lifetime and client.trust_tokens
    if not may_skip or _is_signed_in(credentials, client, now=now):
        return None
    user_id = credentials.user_id
    with transaction.atomic():
        # A revocation locks the account, too: it then ends this session, or has ended the trust.
        User.objects.lock(user_id)
        device = trusted_devices.find(client.trust_tokens, user_id=user_id, now=now)
        if device is None:
            return None
        trusting = replace(credentials, trusted_device_id=device.pk)
        return store.open_session(credentials=trusting, client=client, now=now)


def _is_signed_in(credentials: Credentials, client: Client, *, now: datetime) -> bool:
    """Whether the browser is still signed in to the account: the user signs in again to show more.

    Without this, no trusted browser could meet ``ReauthenticationRequired``.
    """
    token = _former_session(client)
    if token is None or token.user_id != credentials.user_id:
        return False
    return live_sessions.exists(token, now=now)


def _former_session(client: Client) -> RefreshToken | None:
    if not client.former_refresh_token:
        return None
    try:
        return tokens.read_refresh(client.former_refresh_token)
    except TokenNotValid:
        return None


def _revoke_former_session(client: Client, *, now: datetime) -> None:
    """Ends the browser's former session, of any account: its cookie is about to be replaced."""
    token = _former_session(client)
    if token:
        rotation.revoke_presented(token, client, now=now)


def remember_device(
    credentials: Credentials, *, client: Client, now: datetime, notify_owner: bool = True
) -> str:
    """Returns the device token for the client. E-mails the owner if the device is new."""
    device_id = recognise(credentials, client=client, now=now).device_id or ""
    if not device_id:
        security_log.record("new_device", account=credentials.user_id)
        if notify_owner:
            _notify_of_new_device(credentials, client)
    return _issue_device_token(credentials, client, now, device_id)


def recognise(credentials: Credentials, *, client: Client, now: datetime) -> Credentials:
    """The credentials with the id of the device; "" for a new one."""
    if credentials.device_id is not None:
        return credentials
    device_id = recognised_devices.recognise(
        client.device_token,
        user_id=credentials.user_id,
        password_hash=credentials.password_hash,
        now=now,
    )
    return replace(credentials, device_id=device_id)


def _notify_of_new_device(credentials: Credentials, client: Client) -> None:
    # Limited: a script that keeps no cookie signs in on a new device every time.
    if switches.new_device_emails and throttling.allows(
        "new_device_account", of=credentials.user_id
    ):
        # Without the user agent: a stranger must not write into our e-mail.
        emails.tell_owner(emails.new_device, credentials, ip=client.ip)


def _issue_device_token(
    credentials: Credentials, client: Client, now: datetime, device_id: str = ""
) -> str:
    return recognised_devices.issue(
        user_id=credentials.user_id,
        password_hash=credentials.password_hash,
        now=now,
        device_id=device_id,
        kept=client.device_token,
    )
