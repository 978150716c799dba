"""The responses of pages and links."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.password_validation import password_validators_help_texts
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone

from accounts.conf import switches
from accounts.link_cookies import INVITATION_COOKIE, LinkCookie
from accounts.services.links.signed_links import LinkNotValid
from accounts.services.mfa import authenticators
from core.middleware.headers import CONTENT_POLICY, content_policy
from core.pages import common_context


def show(
    request: HttpRequest,
    template: str,
    context: dict[str, Any] | None = None,
    *,
    status: int = 200,
    next_url: str = "",
) -> HttpResponse:
    """``next_url`` is where the page's form redirects: its origin is added to ``form-action``."""
    page = common_context() | (context or {})
    response = render(request, template, page, status=status)
    if next_url:
        policy = content_policy(form_action=["'self'", _origin(next_url)])
        response[CONTENT_POLICY] = policy
    response["Cache-Control"] = "no-store"
    return response


def show_secret(
    request: HttpRequest, template: str, context: dict[str, Any] | None = None, **options: Any
) -> HttpResponse:
    """A page whose address is a secret: sites it links to must not learn it."""
    return _without_referrer(show(request, template, context, **options))


def show_bad_link(request: HttpRequest, advice: str) -> HttpResponse:
    """``advice`` is the kind of link: "reset", "invitation", "verification" or "reopening"."""
    return show_secret(request, "pages/bad_link.html", {"advice": advice}, status=400)


def show_password_form(
    request: HttpRequest, cookie: LinkCookie, *, action: str, next_url: str = ""
) -> HttpResponse:
    """The form posts to ``action``, then opens ``next_url``, or confirms without one."""
    invited = cookie is INVITATION_COOKIE
    try:
        user = cookie.link(request, now=timezone.now()).user
    except LinkNotValid:
        return show_bad_link(request, "invitation" if invited else "reset")
    has_second_factor = user.has_second_factor and authenticators.survives_reset(user)
    is_asked = switches.mfa_mode.asks(has_second_factor=has_second_factor)
    context = {
        "email": user.email,
        "invited": invited,
        "rules": password_validators_help_texts(),
        "signs_in": switches.refresh_token_as_cookie and not is_asked,
        "action": action,
        "next": next_url,
    }
    return show(request, "pages/set_password.html", context)


def redirect_to(address: str) -> HttpResponse:
    return _without_referrer(HttpResponseRedirect(address))


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def _without_referrer(response: HttpResponse) -> HttpResponse:
    response["Referrer-Policy"] = "no-referrer"
    return response
