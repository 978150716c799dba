"""The one door: whatever proves who somebody is ends here, in tokens or in a challenge."""

from dataclasses import dataclass
from datetime import datetime

from accounts import challenges, known_devices, letters, notices, sessions, tokens
from accounts.challenges import IssuedChallenge, Kind
from accounts.client import Client
from accounts.conf import switches
from accounts.errors import IncorrectCredentials, InvalidChallenge, TokenNotValid
from accounts.models import User
from accounts.proof import OutdatedProofError, Proof
from accounts.tokens import Tokens
from core import security_log, throttling


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
    device = proof.device or known_devices.recognise(
        kept, user_id=proof.user_id, password_hash=proof.password_hash, now=now
    )
    if not device:
        security_log.record("new_device", account=proof.user_id)
    if not device and not owner_knows:
        _tell_of_new_device(proof, client)
    return known_devices.issue(
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
        notices.tell_owner(
            letters.new_device,
            to=proof.email,
            verified=proof.email_verified,
            parameters={"ip": client.ip},
        )


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
    grant = sessions.open_session(proof=proof, client=client, now=now)
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
    sessions.revoke_presented(token=token, client=client, now=now)
