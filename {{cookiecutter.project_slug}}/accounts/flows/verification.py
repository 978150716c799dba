"""Verification: the link in an e-mail shows that a mailbox belongs to an account.

1. The key says what it is for: a sign-up, another address, or an invitation.
2. A sign-up link marks the address as verified. A link to a new address moves the account there
   while the session that asked for it lives, and ends the sessions of other devices. Both may be
   opened again, and land on the same page.
3. Where mail scanners open links (``JWT_ALLAUTH_CONFIRM_EMAIL_ON_GET``), a page with a button comes
   first, and its POST to the same path verifies.
4. An invitation is not spent by opening it: the page it leads to sets the password.
5. Verifying never signs in, and HEAD changes nothing.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from accounts import revocation
from accounts.conf import EmailVerification, switches
from accounts.pages.link_cookies import INVITATION_COOKIE
from accounts.pages.responses import redirect_to, show_bad_link, show_secret
from accounts.pages.views import Page, PlainPage
from accounts.services import email_addresses
from accounts.services.links import signed_links
from accounts.services.links.signed_links import LinkNotValid, Purpose, SignedLink
from core.logging import security_log

VERIFIED = "pages/email_verified.html"


def verify(link: SignedLink, *, now: datetime) -> None:
    """
    Raises:
        LinkNotValid: the account has another password or address by now.
    """
    if link.user.email_verified:
        return
    if not email_addresses.mark_verified(link.user):
        raise LinkNotValid
    security_log.record("address_verified", account=link.user.pk)


def move_account(link: SignedLink, *, now: datetime) -> None:
    """
    Raises:
        LinkNotValid: the address belongs to another account by now, or the session that asked
            for it has ended.
    """
    user = link.user
    if link.is_for(user.email):
        return
    with transaction.atomic():
        change = email_addresses.complete_change(user=user, email=user.pending_email, now=now)
        if change is None:
            raise LinkNotValid
        revocation.revoke_others(user, kept=change.session_id)
    security_log.record("address_changed", account=user.pk)


class Confirm(Protocol):
    """``verify`` or ``move_account``."""

    def __call__(self, link: SignedLink, *, now: datetime) -> None: ...


CONFIRMS: dict[Purpose, Confirm] = {
    Purpose.SIGN_UP: verify,
    Purpose.EMAIL_CHANGE: move_account,
}


def is_verification_on() -> bool:
    return switches.email_verification is not EmailVerification.NONE


IS_ON: dict[Purpose, Callable[[], bool]] = {
    Purpose.SIGN_UP: is_verification_on,
    # A project without verification trusts what people type, not what strangers change it to.
    Purpose.EMAIL_CHANGE: lambda: True,
    Purpose.INVITATION: lambda: switches.invitations,
}


class VerificationView(Page):
    """The links in e-mails, for all that they verify."""

    http_method_names = ("get", "head", "post")

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.purpose = _purpose_of(kwargs["key"])

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        return self._open(request, key, confirmed=switches.confirm_email_on_get)

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        return self._open(request, key, confirmed=True)

    def _open(self, request: HttpRequest, key: str, *, confirmed: bool) -> HttpResponse:
        purpose, now = self.purpose, timezone.now()
        try:
            link = signed_links.read(purpose, key, now=now)
            if purpose is Purpose.INVITATION:
                return _open_invitation(request, link, now)
            if confirmed:
                CONFIRMS[purpose](link, now=now)
        except LinkNotValid:
            advice = "invitation" if purpose is Purpose.INVITATION else "verification"
            return show_bad_link(request, advice)
        return (
            _redirect_after_verification(request)
            if confirmed
            else _show_confirmation(request, link)
        )


class SentPage(PlainPage):
    template = "pages/verification_sent.html"
    is_on = staticmethod(is_verification_on)


class VerifiedPage(PlainPage):
    template = VERIFIED

    @staticmethod
    def is_on() -> bool:
        return is_verification_on() and not settings.EMAIL_VERIFIED_REDIRECT


def _purpose_of(key: str) -> Purpose:
    """What a key says it is for, a sign-up where it says nothing that we know.

    Raises:
        Http404: that is switched off.
    """
    word = key.partition(".")[0]
    purpose = Purpose(word) if word in IS_ON else Purpose.SIGN_UP
    if not IS_ON[purpose]():
        raise Http404
    return purpose


def _open_invitation(request: HttpRequest, link: SignedLink, now: datetime) -> HttpResponse:
    form = settings.PASSWORD_SET_REDIRECT or reverse("jwt_allauth_default_set_password")
    response = redirect_to(form)
    INVITATION_COOKIE.leave(request, response, link, now=now)
    return response


def _show_confirmation(request: HttpRequest, link: SignedLink) -> HttpResponse:
    user = link.user
    email = user.email if link.is_for(user.email) else user.pending_email
    context = {"email": email}
    next_url = settings.EMAIL_VERIFIED_REDIRECT
    return show_secret(request, "pages/confirm_email.html", context, next_url=next_url)


def _redirect_after_verification(request: HttpRequest) -> HttpResponse:
    if settings.EMAIL_VERIFIED_REDIRECT or VerifiedPage.is_on():
        return redirect_to(
            settings.EMAIL_VERIFIED_REDIRECT or reverse("jwt_allauth_email_verified")
        )
    return show_secret(request, VERIFIED)
