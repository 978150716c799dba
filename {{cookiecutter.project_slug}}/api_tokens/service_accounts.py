"""Service accounts: accounts for programs alone, whose tokens an administrator makes."""

from accounts.models import User
from accounts.services import ways_in


def is_service_account(user: User) -> bool:
    """Whether nobody can sign in: there is no password, no other way, and no invitation.

    An administrator makes no token for the account of a person, who would not know its use.
    """
    can_sign_in = bool(ways_in.count(user)) or user.has_second_factor
    return user.is_active and not can_sign_in and user.invited_at is None
