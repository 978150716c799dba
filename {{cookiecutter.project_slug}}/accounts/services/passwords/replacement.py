"""Replaces the password of an account."""

from django.contrib.auth.hashers import make_password

from accounts.models import User


def replace_password(*, user: User, new_password: str) -> bool:
    """Returns False if the account has changed since it was read. The caller revokes sessions."""
    new_hash = make_password(new_password)
    # save() would end the sessions, which a setting may want to keep.
    if not User.objects.unchanged(user).update(password=new_hash):
        return False
    user.password = new_hash
    return True
