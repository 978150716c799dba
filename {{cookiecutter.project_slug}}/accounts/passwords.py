"""Passwords verified: the same time for an account that exists and for one that does not."""

import uuid
from functools import cache

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password

from accounts.models import User
from accounts.proof import Proof


def prove(*, email: str, password: str) -> Proof | None:
    """None for a wrong password, an unknown address and an inactive account, after equal work."""
    columns = ("password", "is_active", "email_verified", "has_second_factor")
    user = User.objects.filter(email=email).only(*columns).first()
    if user is None:
        # Without a hash to check, the answer itself would say that the address is unknown.
        check_password(password, _decoy(tuple(settings.PASSWORD_HASHERS)))
        return None
    if not user.check_password(password) or not user.is_active:
        return None
    return Proof.of(user)


def replace(*, user: User, new_password: str) -> bool:
    """Sets a password in place of the one that ``user`` was read with.

    Whoever calls this also ends what was opened under the old password.

    Returns:
        False where the account has another password or address by now, or was closed.
    """
    new_hash = make_password(new_password)
    # An update, for saving would end sessions that a setting may want kept.
    current = User.objects.filter(
        pk=user.pk, password=user.password, email=user.email, is_active=True
    )
    if not current.update(password=new_hash):
        return False
    user.password = new_hash
    return True


@cache
def _decoy(hashers: tuple[str, ...]) -> str:
    """A hash that costs what a real one costs, made once for each list of hashers."""
    return make_password(uuid.uuid4().hex)
