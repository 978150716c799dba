"""The one door: whatever proves who somebody is ends here, in tokens or in a challenge."""

from dataclasses import dataclass, replace
from datetime import datetime

from accounts import emails
from accounts.conf import switches
from accounts.errors import IncorrectCredentials, InvalidChallenge, TokenNotValid
from accounts.models import User
from accounts.services.client import Client
from accounts.services.credentials import OutdatedProofError, Proof
from accounts.services.mfa import challenges
from accounts.services.mfa.challenges import IssuedChallenge, Kind
from accounts.services.passwords import recognised_devices
from accounts.services.sessions import store, tokens
from accounts.services.sessions.tokens import Tokens
from core.logging import security_log
from core.ratelimit import throttling
from mail import outbox


@dataclass(frozen=True, slots=True)
class SignedIn:
    """``device`` is what the client keeps, to be known by the next time."""

    tokens: Tokens
    device: str


Entry = SignedIn | IssuedChallenge


def admit(proof: Proof, *, client: Client, now: datetime, owner_knows: bool = False) -> Entry:
    """Opens a session, unless a second factor is to be shown or set up first.

    Args:
        owner_knows: of this sign-in, by another letter or because they have only just joined;
            else they get a letter where the device is a new one.

    Raises:
        IncorrectCredentials: the password changed, or the account was closed, after the proof.
    """
    try:
        owed = _owed(proof)
        if owed is not None:
            return _challenge(proof, owed, now)
        return _open(proof, client, now, owner_knows)
    except OutdatedProofError:
        raise IncorrectCredentials from None


def receive_device(
    proof: Proof, *, client: Client, now: datetime, owner_knows: bool = False
) -> str:
    """Receives a device after a sign-in, and tells the owner if it is a new one.

    Returns:
        what it keeps, to be known by the next time.
    """
    kept = client.device_token
    device = proof.device or recognised_devices.recognise(
        kept, user_id=proof.user_id, password_hash=proof.password_hash, now=now
    )
    if not device:
        security_log.record("new_device", account=proof.user_id)
    if not device and not owner_knows:
        _tell_of_new_device(proof, client)
    return recognised_devices.issue(
        user_id=proof.user_id,
        password_hash=proof.password_hash,
        now=now,
        device=device,
        kept=kept,
    )


def _tell_of_new_device(proof: Proof, client: Client) -> None:
    # Not each time: a script that keeps no cookie is a new device whenever it signs in.
    if switches.new_device_letters and throttling.allows("new_device_account", of=proof.user_id):
        # Not what the device calls itself: a letter of ours must not say what a stranger wrote.
        outbox.post(emails.new_device, to=proof.email, parameters={"ip": client.ip})


def admit_with_second_factor(
    user: User, *, client: Client, now: datetime, owner_knows: bool = False
) -> Entry:
    """Opens a session for somebody who came with a challenge, and has spent it.

    Raises:
        InvalidChallenge: the password changed, or the second factor went, in the meantime.
    """
    proof = Proof.of(user, second_factor_shown=True)
    try:
        return admit(proof, client=client, now=now, owner_knows=owner_knows)
    except IncorrectCredentials:
        raise InvalidChallenge from None


def complete_sign_in_by_link(proof: Proof, *, client: Client, now: datetime) -> Entry:
    """Signs in a user who has just set a password with the cookie of a link.

    Where a second factor is required, the browser keeps neither the session that it had nor the
    device token: the sign-in that follows is then counted apart from a stranger's guesses.

    Raises:
        IncorrectCredentials: see ``admit``.
    """
    entered = admit(proof, client=client, now=now, owner_knows=True)
    if isinstance(entered, SignedIn):
        return entered
    end_former_session(client, now=now)
    device = recognised_devices.issue(
        user_id=proof.user_id,
        password_hash=proof.password_hash,
        now=now,
        kept=client.device_token,
    )
    return replace(entered, device=device)


def _owed(proof: Proof) -> Kind | None:
    if proof.second_factor_shown or not switches.mfa_mode.asks(
        has_second_factor=proof.has_second_factor
    ):
        return None
    return Kind.VERIFY if proof.has_second_factor else Kind.SETUP


def _challenge(proof: Proof, kind: Kind, now: datetime) -> IssuedChallenge:
    challenge = challenges.open_challenge(proof=proof, kind=kind, now=now)
    security_log.record("challenge_opened", account=proof.user_id, kind=str(kind))
    return challenge


def _open(proof: Proof, client: Client, now: datetime, owner_knows: bool) -> SignedIn:
    grant = store.open_session(proof=proof, client=client, now=now)
    security_log.record(
        "session_opened",
        account=grant.user_id,
        session=grant.session_id,
        second_factor=proof.second_factor_shown,
    )
    end_former_session(client, now=now)
    device = receive_device(proof, client=client, now=now, owner_knows=owner_knows)
    return SignedIn(tokens.sign(grant, now=now), device)


def end_former_session(client: Client, *, now: datetime) -> None:
    """Ends the session that the browser had, of any account: its cookie is about to be replaced."""
    if not client.former_refresh_token:
        return
    try:
        token = tokens.read_refresh(client.former_refresh_token)
    except TokenNotValid:
        return
    store.revoke_presented(token=token, client=client, now=now)
