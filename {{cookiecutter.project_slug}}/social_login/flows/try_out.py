"""Try out: in development, a page signs in with each provider that is on.

A project with a sign-in of its own (``SIGN_IN_URL``) does not need it.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.pages.responses import show
from accounts.pages.views import Page
from social_login.providers import registry


class TryOutPage(Page):
    @staticmethod
    def is_on() -> bool:
        return bool(settings.DEBUG and not settings.SIGN_IN_URL)

    def get(self, request: HttpRequest) -> HttpResponse:
        context = {"providers": registry.switched_on()}
        return show(request, "social_login/try_out.html", context)
