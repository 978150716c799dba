"""The links in e-mails, each with a signed token for one purpose."""

from datetime import datetime
from typing import cast
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.urls import reverse

from accounts.conf import switches
from accounts.models import User
from accounts.services.links import signed_links
from accounts.services.links.signed_links import Purpose
from core.email_address import normalise
from mail.models import Mail


def to_verify_address(mail: Mail, purpose: Purpose, user: User) -> str:
    return _url("account_confirm_email", key=_token(mail, purpose, user))


def to_reopen_account(mail: Mail, user: User) -> str:
    return _url("user_reopen", token=_token(mail, Purpose.REOPENING, user))


def to_reset_password(mail: Mail, user: User) -> str:
    uid, token = signed_links.uid_of(user), _token(mail, Purpose.PASSWORD_RESET, user)
    if mail.parameters.get("in_fragment") and settings.PASSWORD_RESET_REDIRECT:
        return _in_fragment(settings.PASSWORD_RESET_REDIRECT, uid=uid, token=token)
    return _url("password_reset_confirm", uidb64=uid, token=token)


def to_accept_invitation(mail: Mail, user: User) -> str:
    # The request of the admin does not tell which client the invited user has.
    if switches.refresh_token_as_cookie or not settings.PASSWORD_SET_REDIRECT:
        return to_verify_address(mail, Purpose.INVITATION, user)
    uid, token = signed_links.uid_of(user), _token(mail, Purpose.INVITATION, user)
    return _in_fragment(settings.PASSWORD_SET_REDIRECT, uid=uid, token=token)


def _in_fragment(page: str, **secrets: str) -> str:
    """A link to the front end. Browsers send a fragment to no server and in no ``Referer``."""
    parts, query = urlsplit(page), urlencode(secrets)
    if parts.fragment:
        # The page of a router that uses the fragment: https://app.example.com/#/reset
        query = f"{parts.fragment}{'&' if '?' in parts.fragment else '?'}{query}"
    return parts._replace(fragment=query).geturl()


def _token(mail: Mail, purpose: Purpose, user: User) -> str:
    return signed_links.issue(
        purpose,
        user=user,
        # Perhaps posted before addresses had one spelling.
        email=normalise(mail.recipient),
        # Counted from the request: an e-mail that is sent late has a short-lived link.
        expires_at=cast(datetime, mail.not_after),
    )


def _url(name: str, **parts: str) -> str:
    return f"{settings.PUBLIC_URL}{reverse(name, kwargs=parts)}"
