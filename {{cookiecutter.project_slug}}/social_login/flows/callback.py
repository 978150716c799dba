"""Callback: the provider sends the user back.

1. ``state`` names the attempt, and the cookie shows that this browser started it. The attempt is
   consumed, so that a callback works once.
2. The provider exchanges its code for the user's identity, and the identity is verified.
3. A sign-in that will be refused ends here, with the error's code.
4. The browser goes to the front end, with a one-time code that ``flows.complete`` takes.
"""

from datetime import datetime

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils import timezone
from rest_framework.exceptions import APIException

from accounts.pages.responses import show_bad_link
from accounts.pages.views import Page
from core.logging import security_log
from social_login import cookies, social_accounts, steps
from social_login.conf import with_query
from social_login.errors import AccessDenied, ProviderFailed, StateMismatch
from social_login.models import Authorization
from social_login.providers import registry
from social_login.providers.base import Identity, Provider
from social_login.providers.http import Connections, ProviderError

MAX_LENGTH = 4_000


def come_back(
    *, provider: Provider, parameters: dict[str, str], browser: str, now: datetime
) -> str:
    """Returns the address of the front end; "" where no attempt tells it.

    Args:
        parameters: what the provider sends.
        browser: the value of the cookie.
    """
    state = parameters.get("state", "")
    try:
        authorization = steps.find_authorization(state, provider=provider.id, now=now)
        steps.require_browser(authorization, browser)
        steps.consume(authorization)
    except steps.StepNotValid:
        security_log.record("provider_refused", provider=provider.id, reason="state_mismatch")
        return _default(error=StateMismatch.default_code)
    try:
        code = _complete(authorization, provider, parameters, now)
    except APIException as error:
        return with_query(authorization.next_url, error=str(error.default_code))
    return with_query(authorization.next_url, code=code)


def _complete(
    authorization: Authorization, provider: Provider, parameters: dict[str, str], now: datetime
) -> str:
    identity = _identify(provider, parameters)
    if authorization.user_id is None:
        error = social_accounts.assess(identity, now=now).decision.error
        if error is not None:
            reason = str(error.default_code)
            security_log.record("provider_refused", provider=provider.id, reason=reason)
            raise error
    return steps.finish(authorization, identity, now=now)


def _identify(provider: Provider, parameters: dict[str, str]) -> Identity:
    # The provider's own texts are neither shown nor logged: an attacker may have written them.
    if parameters.get("error") in {"access_denied", "user_cancelled_authorize"}:
        raise AccessDenied
    attempt = steps.attempt_of(provider.id, parameters["state"])
    try:
        if not parameters.get("code"):
            raise ProviderError("no code")
        return provider.identify(parameters["code"], attempt, Connections(), parameters)
    except ProviderError as error:
        security_log.record("provider_failed", provider=provider.id, reason=str(error))
        raise ProviderFailed from None


def _default(**parameters: str) -> str:
    page: str = settings.SOCIAL_LOGIN_REDIRECT
    return with_query(page, **parameters) if page else ""


class CallbackView(Page):
    """The redirect URI of each provider."""

    http_method_names = ("get", "head", "post")

    def get(self, request: HttpRequest, provider: str) -> HttpResponse:
        return self._answer(request, provider, is_post=False)

    def post(self, request: HttpRequest, provider: str) -> HttpResponse:
        return self._answer(request, provider, is_post=True)

    def _answer(self, request: HttpRequest, name: str, *, is_post: bool) -> HttpResponse:
        provider = registry.find(name)
        if provider is None:
            raise Http404
        if provider.posts_back is not is_post:
            return HttpResponseNotAllowed(["POST" if provider.posts_back else "GET"])
        sent = request.POST if is_post else request.GET
        parameters = {key: value[:MAX_LENGTH] for key, value in sent.dict().items()}
        browser, now = cookies.read(request), timezone.now()
        address = come_back(provider=provider, parameters=parameters, browser=browser, now=now)
        return _redirect(address) if address else show_bad_link(request, advice="")


def _redirect(address: str) -> HttpResponse:
    # Not Django's: it refuses the schemes of apps.
    headers = {
        "Location": address,
        "Referrer-Policy": "no-referrer",
    }
    return HttpResponse(status=302, headers=headers)
