"""Verification: the link in an e-mail proves that a mailbox belongs to an account.

1. The key names its purpose: a sign-up, a change of address, or an invitation.
2. A sign-up link marks the address as verified.
3. A change link moves the account to the new address, while the session that asked for it lives,
   and ends the other sessions. Both links may be opened again.
4. With ``JWT_ALLAUTH_CONFIRM_EMAIL_ON_GET=False`` a page with a button comes first, because mail
   scanners open links. Its POST to the same path verifies.
5. An invitation link sets a cookie and redirects to the form that sets the password.
6. Verifying never signs in, and HEAD changes nothing.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from accounts import revocation
from accounts.conf import EmailVerification, switches
from accounts.link_cookies import INVITATION_COOKIE
from accounts.pages.responses import redirect_to, show_bad_link, show_secret
from accounts.pages.views import Page, PlainPage
from accounts.services import email_addresses
from accounts.services.links import signed_links
from accounts.services.links.signed_links import LinkNotValid, Purpose, SignedLink
from core.logging import security_log

VERIFIED = "pages/email_verified.html"
PURPOSES = frozenset({Purpose.SIGN_UP, Purpose.EMAIL_CHANGE, Purpose.INVITATION})


def verify(link: SignedLink) -> None:
    if link.user.email_verified:
        return
    with transaction.atomic():
        if not email_addresses.mark_verified(link.user):
            raise LinkNotValid
        security_log.record("address_verified", account=link.user.pk)


def move_account(link: SignedLink, *, now: datetime) -> None:
    user = link.user
    if link.is_for(user.email):
        return
    with transaction.atomic():
        change = email_addresses.complete_change(user=user, email=user.pending_email, now=now)
        if change is None:
            # Another account has the address, or the session that asked for it has ended.
            raise LinkNotValid
        revocation.revoke_others(user, kept=change.session_id)
        security_log.record("address_changed", account=user.pk)


class VerificationView(Page):
    http_method_names = ("get", "head", "post")

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.purpose = _purpose_of(kwargs["key"])

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        return self._open(request, key, is_confirmed=switches.confirm_email_on_get)

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        return self._open(request, key, is_confirmed=True)

    def _open(self, request: HttpRequest, key: str, *, is_confirmed: bool) -> HttpResponse:
        purpose, now = self.purpose, timezone.now()
        try:
            link = signed_links.read(purpose, key, now=now)
            if purpose is Purpose.INVITATION:
                return _open_invitation(request, link, now)
            if not is_confirmed:
                return _ask_for_confirmation(request, link)
            if purpose is Purpose.EMAIL_CHANGE:
                move_account(link, now=now)
            else:
                verify(link)
        except LinkNotValid:
            advice = "invitation" if purpose is Purpose.INVITATION else "verification"
            return show_bad_link(request, advice)
        return _confirm_verification(request)


def is_verification_on() -> bool:
    return switches.email_verification is not EmailVerification.NONE


class SentPage(PlainPage):
    template = "pages/verification_sent.html"
    is_on = staticmethod(is_verification_on)


class VerifiedPage(PlainPage):
    template = VERIFIED

    @staticmethod
    def is_on() -> bool:
        return is_verification_on() and not settings.EMAIL_VERIFIED_REDIRECT


def _purpose_of(key: str) -> Purpose:
    word = key.partition(".")[0]
    purpose = Purpose(word) if word in PURPOSES else Purpose.SIGN_UP
    if not _is_on(purpose):
        raise Http404
    return purpose


def _is_on(purpose: Purpose) -> bool:
    if purpose is Purpose.INVITATION:
        return switches.invitations
    # A change of address is always verified: a thief of the session may have asked for it.
    return purpose is Purpose.EMAIL_CHANGE or is_verification_on()


def _open_invitation(request: HttpRequest, link: SignedLink, now: datetime) -> HttpResponse:
    form = settings.PASSWORD_SET_REDIRECT or reverse("jwt_allauth_default_set_password")
    response = redirect_to(form)
    INVITATION_COOKIE.set(request, response, link, now=now)
    return response


def _ask_for_confirmation(request: HttpRequest, link: SignedLink) -> HttpResponse:
    user = link.user
    email = user.email if link.is_for(user.email) else user.pending_email
    next_url = settings.EMAIL_VERIFIED_REDIRECT
    return show_secret(request, "pages/confirm_email.html", {"email": email}, next_url=next_url)


def _confirm_verification(request: HttpRequest) -> HttpResponse:
    if settings.EMAIL_VERIFIED_REDIRECT or is_verification_on():
        page = settings.EMAIL_VERIFIED_REDIRECT or reverse("jwt_allauth_email_verified")
        return redirect_to(page)
    return show_secret(request, VERIFIED)
