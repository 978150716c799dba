"""Pages for people, and the cookies that the links in letters leave.

Opening a link does not spend it, for mail scanners open links too. It leaves a cookie that no
script can read, and leads on to an address without a secret in it.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.password_validation import password_validators_help_texts
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from accounts import capabilities, second_factor
from accounts.capabilities import Capability, CapabilityNotValid, Purpose
from accounts.conf import switches
from core import errors, throttling
from core.client import client_network
from core.cookies import ScopedCookie, note_mixed, scoped
from core.headers import CONTENT_POLICY, content_policy
from core.throttling import LimitReached


@dataclass(frozen=True, slots=True)
class CapabilityCookie:
    cookie: ScopedCookie
    purpose: Purpose

    @property
    def name(self) -> str:
        return self.cookie.name

    def hand_over(
        self, request: HttpRequest, response: HttpResponse, link: Capability, *, now: datetime
    ) -> None:
        """Leaves the cookie, and the CSRF cookie that a form needs beside it."""
        get_token(request)
        value, expires_at = capabilities.exchange(link, self.purpose, now=now)
        self.cookie.set(response, value, max_age=expires_at - now)

    def capability(self, request: HttpRequest, *, now: datetime) -> Capability:
        """
        Raises:
            CapabilityNotValid: there is no such cookie, or not a good one; or there are ones for
                two accounts, and a sibling domain may have set the one that is good.
        """
        values = self.cookie.values(request)
        accounts = {capabilities.account_named(self.purpose, value) for value in values}
        if len(accounts - {""}) > 1:
            note_mixed(request)
            raise CapabilityNotValid
        found = list(self._valid(values, now))
        if not found:
            raise CapabilityNotValid
        return max(found, key=lambda capability: capability.expires_at)

    def _valid(self, values: list[str], now: datetime) -> Iterator[Capability]:
        for value in values:
            with suppress(CapabilityNotValid):
                yield capabilities.read(self.purpose, value, now=now)

    def clear(self, response: HttpResponse) -> None:
        self.cookie.delete(response)


PASSWORD_RESET_COOKIE = CapabilityCookie(
    scoped(
        "password_reset_access_token",
        capabilities.shape(Purpose.PASSWORD_RESET_COOKIE),
        "rest_password_reset_set_new",
        "default_password_reset",
    ),
    Purpose.PASSWORD_RESET_COOKIE,
)
INVITATION_COOKIE = CapabilityCookie(
    scoped(
        "set_password_access_token",
        capabilities.shape(Purpose.INVITATION_COOKIE),
        "rest_set_password",
        "jwt_allauth_default_set_password",
    ),
    Purpose.INVITATION_COOKIE,
)


# What a page takes is proved by the secret in its path, which a forged request would need.
@method_decorator(csrf_exempt, name="dispatch")
class Page(View):
    """A page or a link; what a setting switches off answers 404.

    HEAD, which a mail scanner may send, is answered and does nothing.
    """

    http_method_names: Sequence[str] = ("get", "head")

    @staticmethod
    def is_on() -> bool:
        return True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not self.is_on():
            raise Http404
        try:
            throttling.hit("anon", of=client_network(request))
        except LimitReached as reached:
            return errors.too_many(request, reached)
        return super().dispatch(request, *args, **kwargs)

    def head(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return HttpResponse()


class PlainPage(Page):
    """A page that says something and asks nothing."""

    template = ""

    def get(self, request: HttpRequest) -> HttpResponse:
        return show(request, self.template)


def show(
    request: HttpRequest,
    template: str,
    context: dict[str, Any] | None = None,
    *,
    status: int = 200,
    leads_to: str = "",
) -> HttpResponse:
    """
    Args:
        leads_to: where the answer to the page's form may redirect, if not to us: browsers hold
            ``form-action`` against it.
    """
    page = {"product": settings.PROJECT_NAME, **(context or {})}
    response = render(request, template, page, status=status)
    if leads_to:
        policy = content_policy(form_action=["'self'", _origin(leads_to)])
        response[CONTENT_POLICY] = policy
    response["Cache-Control"] = "no-store"
    return response


def show_secret(
    request: HttpRequest, template: str, context: dict[str, Any] | None = None, **options: Any
) -> HttpResponse:
    """A page whose own address is a secret: whoever is linked from it must not be told."""
    return _without_referrer(show(request, template, context, **options))


def show_bad_link(request: HttpRequest, advice: str) -> HttpResponse:
    """
    Args:
        advice: what kind of link it was: "reset", "invitation" or "verification".
    """
    return show_secret(request, "pages/bad_link.html", {"advice": advice}, status=400)


def show_password_form(
    request: HttpRequest,
    cookie: CapabilityCookie,
    *,
    action: str,
    goes_on: str = "",
) -> HttpResponse:
    """
    Args:
        action: the endpoint that takes the new password.
        goes_on: the page afterwards; without one the form says itself that it is done.
    """
    invited = cookie is INVITATION_COOKIE
    try:
        user = cookie.capability(request, now=timezone.now()).user
    except CapabilityNotValid:
        return show_bad_link(request, "invitation" if invited else "reset")
    has_second_factor = user.has_second_factor and second_factor.outlives_reset(user)
    owes = switches.mfa_mode.asks(has_second_factor=has_second_factor)
    context = {
        "email": user.email,
        "invited": invited,
        "rules": password_validators_help_texts(),
        "signs_in": switches.refresh_token_as_cookie and not owes,
        "action": action,
        "next": goes_on,
    }
    return show(request, "pages/set_password.html", context)


def lead_on(address: str) -> HttpResponse:
    """A redirect away from a link."""
    response = HttpResponseRedirect(address)
    response["Cache-Control"] = "no-store"
    return _without_referrer(response)


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def _without_referrer(response: HttpResponse) -> HttpResponse:
    response["Referrer-Policy"] = "no-referrer"
    return response
