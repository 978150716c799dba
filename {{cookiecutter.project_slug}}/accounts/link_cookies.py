"""The cookies that signed links set.

Opening a link does not consume it, because mail scanners open links too. It sets a cookie that
no script can read, and redirects to an address without a secret.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponseBase
from django.middleware.csrf import get_token
from rest_framework.request import Request

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

    def set(
        self, request: HttpRequest, response: HttpResponseBase, link: SignedLink, *, now: datetime
    ) -> None:
        """Sets the cookie, and the CSRF cookie that the form needs."""
        get_token(request)
        value, expires_at = signed_links.exchange(link, self.purpose, now=now)
        self.cookie.set(response, value, max_age=expires_at - now)

    def clear(self, response: HttpResponseBase) -> None:
        self.cookie.delete(response)

    def link(self, request: HttpRequest | Request, *, now: datetime) -> SignedLink:
        """
        Raises:
            LinkNotValid: there is no valid cookie, or there are cookies of two accounts.
        """
        values = self.cookie.values(request)
        accounts = {signed_links.account_named(self.purpose, value) for value in values}
        if len(accounts - {""}) > 1:
            # A sibling domain may have set one of them.
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
