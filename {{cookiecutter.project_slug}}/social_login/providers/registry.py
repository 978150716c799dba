"""The providers that the settings switch on (``config/settings/social_login.py``)."""

from collections.abc import Callable
from typing import Any

from django.conf import settings

from social_login.providers.apple import Apple
from social_login.providers.base import Provider
from social_login.providers.github import GitHub
from social_login.providers.microsoft import Microsoft
from social_login.providers.openid import OpenIDProvider

KINDS: dict[str, Callable[..., Provider]] = {
    "apple": Apple,
    "github": GitHub,
    "microsoft": Microsoft,
}
"""Every other provider is an ``OpenIDProvider``."""


def switched_on() -> list[Provider]:
    configured: dict[str, dict[str, Any]] = settings.SOCIAL_PROVIDERS
    return [_make(name, options) for name, options in configured.items() if options["client_id"]]


def find(name: str) -> Provider | None:
    return next((provider for provider in switched_on() if provider.id == name), None)


def _make(name: str, options: dict[str, Any]) -> Provider:
    return KINDS.get(name, OpenIDProvider)(id=name, **options)
