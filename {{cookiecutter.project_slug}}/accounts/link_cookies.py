"""The cookies that links in e-mails leave.

Opening a link does not consume it, because mail scanners open links too. It leaves a cookie that no
script can read, and redirects to an address without a secret.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token

from accounts.services.links import signed_links
from accounts.services.links.signed_links import LinkNotValid, Purpose, SignedLink
from core.cookies import ScopedCookie, note_mixed, scoped


@dataclass(frozen=True, slots=True)
class LinkCookie:
    cookie: ScopedCookie
    purpose: Purpose

    @property
    def name(self) -> str:
        return self.cookie.name

    def leave(
        self, request: HttpRequest, response: HttpResponse, link: SignedLink, *, now: datetime
    ) -> None:
        """Leaves the cookie, and the CSRF cookie that a form needs beside it."""
        get_token(request)
        value, expires_at = signed_links.exchange(link, self.purpose, now=now)
        self.cookie.set(response, value, max_age=expires_at - now)

    def link(self, request: HttpRequest, *, now: datetime) -> SignedLink:
        """
        Raises:
            LinkNotValid: there is no such cookie, or not a good one; or there are ones for
                two accounts, and a sibling domain may have set the one that is good.
        """
        values = self.cookie.values(request)
        accounts = {signed_links.account_named(self.purpose, value) for value in values}
        if len(accounts - {""}) > 1:
            note_mixed(request)
            raise LinkNotValid
        found = list(self._valid(values, now))
        if not found:
            raise LinkNotValid
        return max(found, key=lambda link: link.expires_at)

    def _valid(self, values: list[str], now: datetime) -> Iterator[SignedLink]:
        for value in values:
            with suppress(LinkNotValid):
                yield signed_links.read(self.purpose, value, now=now)

    def clear(self, response: HttpResponse) -> None:
        self.cookie.delete(response)


PASSWORD_RESET_COOKIE = LinkCookie(
    scoped(
        "password_reset_access_token",
        signed_links.shape(Purpose.PASSWORD_RESET_COOKIE),
        "rest_password_reset_set_new",
        "default_password_reset",
    ),
    Purpose.PASSWORD_RESET_COOKIE,
)
INVITATION_COOKIE = LinkCookie(
    scoped(
        "set_password_access_token",
        signed_links.shape(Purpose.INVITATION_COOKIE),
        "rest_set_password",
        "jwt_allauth_default_set_password",
    ),
    Purpose.INVITATION_COOKIE,
)
