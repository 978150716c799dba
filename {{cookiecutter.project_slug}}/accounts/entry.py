"""The one door: whatever proves who somebody is ends here, and is answered with tokens."""

from datetime import datetime

from accounts import sessions, tokens
from accounts.errors import IncorrectCredentials
from accounts.passwords import Proof
from accounts.tokens import Tokens
from core.client import Client


def admit(proof: Proof, *, client: Client, now: datetime) -> Tokens:
    """
    Raises:
        IncorrectCredentials: the password changed, or the account was closed, after the proof.
    """
    try:
        grant = sessions.open_session(
            user_id=proof.user_id, password_hash=proof.password_hash, client=client, now=now
        )
    except sessions.OutdatedProofError:
        raise IncorrectCredentials from None
    return tokens.sign(grant, now=now)
