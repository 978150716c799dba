"""A passkey confirms a request of a user who is known already, as a code does."""

from datetime import datetime

from accounts.models import LoginChallenge, Session
from passkeys import ceremonies, challenges, store
from passkeys.ceremonies import Options
from passkeys.challenges import Kind
from passkeys.errors import NoPasskey


def begin(kind: Kind, *, origin: Session | LoginChallenge, now: datetime) -> Options:
    """Returns the options for a signature by one of the passkeys of the origin's user.

    Raises:
        NoPasskey: the user has none.
    """
    held = store.list_for(origin.user)
    if not held:
        raise NoPasskey
    _, challenge = challenges.issue(kind, origin_id=origin.pk, now=now)
    return ceremonies.request_options(challenge=challenge, held=held, verify_user=False)
