"""The e-mails about accounts: one short function each, which the worker calls.

An e-mail with a link is obsolete if the account has changed since the e-mail was requested.
"""

from datetime import timedelta
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.db.models import QuerySet

from accounts.conf import MfaMode, switches
from accounts.models import User
from accounts.services import ways_in
from accounts.services.credentials import Credentials
from accounts.services.email_limits import MAILBOX, mailbox
from accounts.services.links import bindings, email_links
from accounts.services.links.signed_links import Purpose
from accounts.services.mfa.failed_attempts import WINDOW
from core.email_address import normalise
from core.ratelimit import throttling
from mail import outbox
from mail.messages import Email, Obsolete, email, language_finder
from mail.models import Mail

SIGN_UP_LINK_LIFETIME = timedelta(days=3)
EMAIL_CHANGE_LINK_LIFETIME = timedelta(days=3)


def tell_owner(notice: Email, owner: User | Credentials, **parameters: Any) -> None:
    """Posts a notice about an account to its owner, in the current transaction."""
    # No limit for a verified address: a stranger could use it up, and the owner would miss the
    # notice. An unverified address is limited: a stranger may have signed up with it to flood it.
    if owner.email_verified or throttling.allows(MAILBOX, of=mailbox(owner.email)):
        outbox.post(notice, to=owner.email, parameters=parameters)


@language_finder
def language_of(mail: Mail) -> str:
    """The language of the account that the e-mail is about."""
    if language := mail.parameters.get("language"):
        return str(language)
    languages = User.objects.filter(email=normalise(mail.recipient)).values_list("language")
    return str(*languages.first() or [""])


@email
def verify_address(mail: Mail) -> dict[str, Any]:
    user = _addressee(mail, email_verified=False)
    if user.is_invited:
        # The link of a sign-up would accept the invitation without a password.
        raise Obsolete
    return _verification_context(mail, Purpose.SIGN_UP, user)


@email
def sign_up_expiring(mail: Mail) -> dict[str, Any]:
    unused = {"email_verified": False, "invited_at": None, "purge_after__isnull": False}
    user = _addressee(mail, **unused)
    return _verification_context(mail, Purpose.SIGN_UP, user)


@email
def already_signed_up(mail: Mail) -> dict[str, Any]:
    """Someone signed up with the address of an account. Its owner decides."""
    user = _addressee(mail)
    if user.is_invited:
        return {"invited": True}
    return {"verified": user.email_verified, **_reset_context(mail, user)}


@email
def password_reset(mail: Mail) -> dict[str, Any]:
    return _reset_context(mail, _addressee(mail))


@email
def password_changed(mail: Mail) -> dict[str, Any]:
    return notice_context(mail)


@email
def invitation(mail: Mail) -> dict[str, Any]:
    user = _addressee(mail, invited_at__isnull=False)
    return {
        "link": email_links.to_accept_invitation(mail, user),
        "until": mail.not_after,
        "second_factor_removed": _lost_second_factor(user),
        "inviter": _name_of(mail.parameters.get("by")),
    }


@email
def email_change(mail: Mail) -> dict[str, Any]:
    """The link that moves an account to this address, or a note to the account that has it."""
    asking = User.objects.filter(pk=mail.parameters["user"], email_change__email=mail.recipient)
    user = _bound(mail, asking)
    owner = User.objects.filter(email=mail.recipient).first()
    if owner is None:
        return _verification_context(mail, Purpose.EMAIL_CHANGE, user)
    if not owner.is_active:
        raise Obsolete
    return {"taken": True}


@email
def account_closing(mail: Mail) -> dict[str, Any]:
    closing = User.objects.filter(email=mail.recipient, closes_at=mail.not_after)
    user = _bound(mail, closing, is_active=False)
    link = email_links.to_reopen_account(mail, user)
    return {**notice_context(mail), "link": link, "until": mail.not_after}


@email
def account_exported(mail: Mail) -> dict[str, Any]:
    return notice_context(mail)


@email
def email_change_asked(mail: Mail) -> dict[str, Any]:
    return notice_context(mail)


@email
def address_changed(mail: Mail) -> dict[str, Any]:
    # Without the new address: a stranger may read this mailbox, which is that of no account now.
    return {**notice_context(mail), "link": ""}


@email
def verification_withdrawn(mail: Mail) -> dict[str, Any]:
    return notice_context(mail)


@email
def new_device(mail: Mail) -> dict[str, Any]:
    return notice_context(mail, page="devices")


@email
def refresh_replayed(mail: Mail) -> dict[str, Any]:
    return notice_context(mail, page="devices")


@email
def second_factor_on(mail: Mail) -> dict[str, Any]:
    return notice_context(mail)


@email
def second_factor_off(mail: Mail) -> dict[str, Any]:
    return notice_context(mail)


@email
def second_factor_off_by_reset(mail: Mail) -> dict[str, Any]:
    return factor_removed_context(mail)


@email
def second_factor_reset(mail: Mail) -> dict[str, Any]:
    return factor_removed_context(mail)


@email
def second_factor_locked(mail: Mail) -> dict[str, Any]:
    return {**notice_context(mail), "minutes": int(WINDOW.total_seconds()) // 60}


@email
def password_leaked(mail: Mail) -> dict[str, Any]:
    return notice_context(mail)


@email
def recovery_codes_replaced(mail: Mail) -> dict[str, Any]:
    return notice_context(mail)


@email
def recovery_codes_low(mail: Mail) -> dict[str, Any]:
    return notice_context(mail)


def notice_context(mail: Mail, *, page: str = "security") -> dict[str, Any]:
    """The context of an e-mail about an account, with a link to a page below ``ACCOUNT_URL``."""
    account = settings.ACCOUNT_URL
    link = urljoin(settings.PUBLIC_URL, f"{account}/{page}/") if account else ""
    return {**mail.parameters, "at": mail.created_at, "link": link}


def factor_removed_context(mail: Mail) -> dict[str, Any]:
    """As ``notice_context``, and whether the next sign-in asks for another second factor."""
    return {**notice_context(mail), "sets_up_another": switches.mfa_mode is MfaMode.REQUIRED}


def _verification_context(mail: Mail, purpose: Purpose, user: User) -> dict[str, Any]:
    link = email_links.to_verify_address(mail, purpose, user)
    return {"link": link, "until": mail.not_after}


def _reset_context(mail: Mail, user: User) -> dict[str, Any]:
    if user.is_invited or not ways_in.is_personal(user):
        # The link would give a password to an account that must not have one.
        raise Obsolete
    return {"link": email_links.to_reset_password(mail, user), "until": mail.not_after}


def _name_of(user_id: str | None) -> str:
    """Returns "" for an account without a name, or a deleted one. Its address stays private."""
    user = User.objects.filter(pk=user_id).first() if user_id else None
    return user.get_full_name() if user else ""


def _lost_second_factor(invited: User) -> bool:
    """Whether the invitation removed a second factor: until it is accepted, nothing else can."""
    asked, changed = invited.invited_at, invited.second_factor_changed_at
    return bool(asked and changed and changed >= asked)


def _addressee(mail: Mail, **conditions: Any) -> User:
    return _bound(mail, User.objects.filter(email=mail.recipient, **conditions))


def _bound(mail: Mail, candidates: QuerySet[User], *, is_active: bool = True) -> User:
    """
    Raises:
        Obsolete: the account has changed since the e-mail was requested.
    """
    user = candidates.filter(is_active=is_active).first()
    if user is None or not bindings.is_bound(
        mail.bound_to, email=mail.recipient, password_hash=user.password
    ):
        raise Obsolete
    return user
