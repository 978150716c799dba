"""The pages: HTML without data of users. Their scripts read and change the account by the API."""

from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import password_validators_help_texts
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.conf import switches
from accounts.pages.responses import show
from accounts.pages.views import Page


class AccountPage(Page):
    """Every page of ``urls`` is one of these: ``as_view(template="…")``."""

    http_method_names = ("get", "head", "post")
    template = ""

    def post(self, request: HttpRequest) -> HttpResponse:
        # A form that was sent before its script was there: the page opens again.
        return self.get(request)

    def get(self, request: HttpRequest) -> HttpResponse:
        return show(request, self.template, context())


class SignUpPage(AccountPage):
    """Is not there where users join by invitation only."""

    @staticmethod
    def is_on() -> bool:
        return not switches.admin_managed_registration


class StartPage(Page):
    """In development, the address that `make run` prints leads to the account."""

    @staticmethod
    def is_on() -> bool:
        return bool(settings.DEBUG)

    def get(self, request: HttpRequest) -> HttpResponse:
        return redirect("account_overview")


def context() -> dict[str, Any]:
    """What templates ask of the settings."""
    trust = switches.mfa_trust_lifetime
    return {
        "signs_up": SignUpPage.is_on(),
        "mfa": str(switches.mfa_mode),
        "asks_old_password": switches.old_password_required,
        "trusted_days": trust.days if trust else 0,
        "closing_days": switches.account_closing_grace.days,
        "rules": password_validators_help_texts(),
        "languages": settings.LANGUAGES,
        "debug": settings.DEBUG,
        "docs": reverse("docs") if settings.API_DOCS else "",
    }
