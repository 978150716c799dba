"""The settings of the feature, and what follows from them."""

import re
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.urls import reverse

from core import origins
from social_login.providers.base import Identity

FEDERATED = "fed"
"""The common value of ``amr`` for a sign-in with a provider. RFC 8176 has none."""

AUTHORIZATION_LIFETIME = timedelta(minutes=10)
CODE_LIFETIME = timedelta(seconds=60)

# Browsers read a backslash as a slash, and skip line breaks.
_PLAIN = re.compile(r"[!-\[\]-~]{1,2000}")


def callback_url(provider: str) -> str:
    """The redirect URI, as it must be registered at the provider."""
    return f"{settings.PUBLIC_URL}{reverse('social_callback', kwargs={'provider': provider})}"


def is_allowed_redirect(address: str) -> bool:
    """Whether a browser may be sent there with a one-time code."""
    allowed = [*settings.SOCIAL_LOGIN_ALLOWED_REDIRECTS]
    if not _PLAIN.fullmatch(address):
        return False
    if address in allowed:
        return True
    front_ends = (settings.SOCIAL_LOGIN_REDIRECT, settings.FRONTEND_URL, settings.PUBLIC_URL)
    known = {origins.origin_of(url) for url in front_ends if url} | set(allowed)
    try:
        origin = origins.origin_of(address)
        return origins.is_web_origin(origin) and origin in known
    except ValueError:
        return False


def with_query(address: str, **parameters: str) -> str:
    parts = urlsplit(address)
    query = "&".join(filter(None, [parts.query, urlencode(parameters)]))
    return parts._replace(query=query).geturl()


def trusts_second_factor(identity: Identity) -> bool:
    """Whether the provider's second factor makes ours unnecessary."""
    return identity.multi_factor and identity.provider in settings.SOCIAL_LOGIN_TRUSTED_MFA
