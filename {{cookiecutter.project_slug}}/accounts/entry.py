"""The one door: whatever proves who somebody is ends here, in tokens or in a challenge."""

from datetime import datetime

from accounts import challenges, sessions, tokens
from accounts.challenges import IssuedChallenge, Kind
from accounts.conf import switches
from accounts.errors import IncorrectCredentials, InvalidChallenge
from accounts.models import User
from accounts.proof import OutdatedProofError, Proof
from accounts.tokens import Tokens
from core.client import Client

Entry = Tokens | IssuedChallenge


def admit(proof: Proof, *, client: Client, now: datetime) -> Entry:
    """Opens a session, unless a second factor is to be shown or set up first.

    Raises:
        IncorrectCredentials: the password changed, or the account was closed, after the proof.
    """
    try:
        owed = _owed(proof)
        if owed is not None:
            return challenges.open_challenge(proof=proof, kind=owed, now=now)
        grant = sessions.open_session(proof=proof, client=client, now=now)
    except OutdatedProofError:
        raise IncorrectCredentials from None
    return tokens.sign(grant, now=now)


def admit_with_second_factor(user: User, *, client: Client, now: datetime) -> Entry:
    """Opens a session for somebody who came with a challenge, and has spent it.

    Raises:
        InvalidChallenge: the password changed, or the second factor went, in the meantime.
    """
    try:
        return admit(Proof.of(user, second_factor_shown=True), client=client, now=now)
    except IncorrectCredentials:
        raise InvalidChallenge from None


def _owed(proof: Proof) -> Kind | None:
    if proof.second_factor_shown or not switches.mfa_mode.asks(
        has_second_factor=proof.has_second_factor
    ):
        return None
    return Kind.VERIFY if proof.has_second_factor else Kind.SETUP
