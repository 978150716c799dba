"""E-mails to people about their accounts: one short function each, called by the worker.

An e-mail with a link looks at the account first. If that is not any more in the state in which the
e-mail was asked for, the e-mail is obsolete, however long the mail server has been away.
"""

from datetime import datetime, timedelta
from typing import Any, cast

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.http import urlsafe_base64_encode

from accounts.conf import MfaMode, switches
from accounts.models import User
from accounts.services.links import bindings, signed_links
from accounts.services.links.signed_links import Purpose
from accounts.services.mfa.failed_attempts import WINDOW
from core.email_address import normalise
from mail.messages import Obsolete, email
from mail.models import Mail

SIGN_UP_LINK_LIFETIME = timedelta(days=3)
EMAIL_CHANGE_LINK_LIFETIME = timedelta(days=3)


@email
def verify_address(mail: Mail) -> dict[str, Any]:
    """The link that ends a sign-up."""
    user = _addressee(mail, email_verified=False)
    return {"link": _link(mail, Purpose.SIGN_UP, user), "until": mail.not_after}


@email
def already_signed_up(mail: Mail) -> dict[str, Any]:
    """Somebody signed up with an address that has an account; its owner decides what follows."""
    user = _addressee(mail)
    if user.invited_at:
        return {"invited": True}
    return {"verified": user.email_verified, **_way_back(mail, user)}


@email
def password_reset(mail: Mail) -> dict[str, Any]:
    """The link to a new password."""
    return _way_back(mail, _addressee(mail))


@email
def password_changed(mail: Mail) -> dict[str, Any]:
    """Tells the owner, who may not have been the one who did it."""
    return {**mail.parameters, "at": mail.created_at}


@email
def invitation(mail: Mail) -> dict[str, Any]:
    """The link to an account that an admin has made ready."""
    user = _addressee(mail, invited_at__isnull=False)
    return {
        "link": _link(mail, Purpose.INVITATION, user),
        "until": mail.not_after,
        "second_factor_removed": _lost_second_factor(user),
    }


@email
def email_change(mail: Mail) -> dict[str, Any]:
    """The link that moves an account to this address; its owner is told, if it has one already."""
    asking = User.objects.filter(pk=mail.parameters["user"], email_change__email=mail.recipient)
    user = _bound(mail, asking)
    owner = User.objects.filter(email=mail.recipient).first()
    if owner is None:
        return {"link": _link(mail, Purpose.EMAIL_CHANGE, user), "until": mail.not_after}
    if not owner.is_active:
        raise Obsolete
    return {"taken": True}


@email
def email_change_asked(mail: Mail) -> dict[str, Any]:
    """Tells the old address at once, while there is time to object."""
    return {**mail.parameters, "at": mail.created_at}


@email
def address_changed(mail: Mail) -> dict[str, Any]:
    """Tells the old address that an administrator has moved the account to another one.

    Not to which: the person asked for a change because somebody reads this mailbox, perhaps.
    """
    return {"at": mail.created_at}


@email
def verification_withdrawn(mail: Mail) -> dict[str, Any]:
    """Tells the owner that the address does not count as verified any more."""
    return {"at": mail.created_at}


@email
def new_device(mail: Mail) -> dict[str, Any]:
    """Tells the owner of a sign-in on a device that the account has not been on before."""
    return {**mail.parameters, "at": mail.created_at}


@email
def refresh_replayed(mail: Mail) -> dict[str, Any]:
    """Tells the owner that somebody has a copy of their refresh token."""
    return {**mail.parameters, "at": mail.created_at}


@email
def second_factor_on(mail: Mail) -> dict[str, Any]:
    """Tells the owner that signing in takes a code from now on."""
    return {**mail.parameters, "at": mail.created_at}


@email
def second_factor_off(mail: Mail) -> dict[str, Any]:
    """Tells the owner that a password is enough again."""
    return {**mail.parameters, "at": mail.created_at}


@email
def second_factor_off_by_reset(mail: Mail) -> dict[str, Any]:
    """Tells the owner that a new password, set by a link, has removed it."""
    return {**mail.parameters, "at": mail.created_at, **_what_follows()}


@email
def second_factor_reset(mail: Mail) -> dict[str, Any]:
    """Tells the owner that an administrator has removed it."""
    return {"at": mail.created_at, **_what_follows()}


@email
def second_factor_locked(mail: Mail) -> dict[str, Any]:
    """Tells the owner that somebody who knows the password is guessing codes."""
    minutes = int(WINDOW.total_seconds()) // 60
    return {**mail.parameters, "at": mail.created_at, "minutes": minutes}


def _lost_second_factor(invited: User) -> bool:
    """Whether the invitation has removed one: without a password nobody else changes it."""
    asked, changed = invited.invited_at, invited.second_factor_changed_at
    return bool(asked and changed and changed >= asked)


def _what_follows() -> dict[str, bool]:
    return {"sets_up_another": switches.mfa_mode is MfaMode.REQUIRED}


def _addressee(mail: Mail, **also: Any) -> User:
    """The account with the e-mail's address.

    Raises:
        Obsolete: it is not what it was when the e-mail was asked for.
    """
    return _bound(mail, User.objects.filter(email=mail.recipient, **also))


def _bound(mail: Mail, candidates: QuerySet[User]) -> User:
    user = candidates.filter(is_active=True).first()
    if user is None or not bindings.is_bound(
        mail.bound_to, email=mail.recipient, password_hash=user.password
    ):
        raise Obsolete
    return user


def _link(mail: Mail, purpose: Purpose, user: User) -> str:
    return _address("account_confirm_email", key=_token(mail, purpose, user))


def _way_back(mail: Mail, user: User) -> dict[str, Any]:
    """The link to a new password.

    Raises:
        Obsolete: for an account that is to have none: a link would give it one.
    """
    if not user.has_usable_password():
        raise Obsolete
    token = _token(mail, Purpose.PASSWORD_RESET, user)
    uidb64 = urlsafe_base64_encode(user.pk.bytes)
    link = _address("password_reset_confirm", uidb64=uidb64, token=token)
    return {"link": link, "until": mail.not_after}


def _token(mail: Mail, purpose: Purpose, user: User) -> str:
    """Its life counts from the request: a late e-mail brings a short one."""
    return signed_links.issue(
        purpose,
        user=user,
        # Perhaps posted before addresses had one spelling.
        email=normalise(mail.recipient),
        expires_at=cast(datetime, mail.not_after),
    )


def _address(name: str, **parts: str) -> str:
    return f"{settings.PUBLIC_URL}{reverse(name, kwargs=parts)}"
