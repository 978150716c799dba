"""System checks: incomplete providers, and the redirect URIs to register."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Info

from core.checks import as_check, error
from social_login.conf import callback_url, is_allowed_redirect
from social_login.providers import registry
from social_login.providers.apple import Apple
from social_login.providers.http import ProviderError, is_safe


def _incomplete() -> Iterator[CheckMessage]:
    for name, options in settings.SOCIAL_PROVIDERS.items():
        missing = [option for option, value in options.items() if value == ""]
        # Without an id, the provider is off.
        for option in missing if options["client_id"] else ():
            yield error(f"SOCIAL_{name}_{option}".upper(), "must be set with the client id.")


def _addresses() -> Iterator[CheckMessage]:
    for name, options in settings.SOCIAL_PROVIDERS.items():
        for option in {"issuer", "url"} & options.keys():
            if options["client_id"] and options[option] and not is_safe(str(options[option])):
                yield error(f"SOCIAL_{name}_{option}".upper(), "must begin with https://.")


def _private_key() -> Iterator[CheckMessage]:
    for provider in registry.switched_on():
        if isinstance(provider, Apple) and provider.private_key:
            try:
                provider.secret()
            except ProviderError:
                yield error("SOCIAL_APPLE_PRIVATE_KEY", "must be the PEM text of the key.")


def _redirects() -> Iterator[CheckMessage]:
    page: str = settings.SOCIAL_LOGIN_REDIRECT
    # Another check names an unusual FRONTEND_URL.
    if page != f"{settings.FRONTEND_URL}/social" and page and not is_allowed_redirect(page):
        yield error("SOCIAL_LOGIN_REDIRECT", "must be an address as browsers write it.")


def _all() -> Iterator[CheckMessage]:
    for problems in (_incomplete, _addresses, _private_key, _redirects):
        yield from problems()


check_settings = as_check("social_login", _all)


def show_redirect_uris(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Shown by ``manage.py check``: providers compare the whole address."""
    return [
        Info(f"{provider.name}: register the redirect URI {callback_url(provider.id)}", id="social")
        for provider in registry.switched_on()
    ]
