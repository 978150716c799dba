"""Service accounts: accounts for programs alone, whose tokens an administrator makes."""

from accounts.models import User
from accounts.services import ways_in


def is_service_account(user: User) -> bool:
    """Whether nobody signs in: there is no password, no other way, and no invitation.

    An administrator makes no token for the account of a person, who would not know its use.
    """
    return user.is_active and not ways_in.is_personal(user)
