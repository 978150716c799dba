"""The settings of tokens, typed and read at each access."""

from datetime import timedelta

from django.conf import settings


def prefix() -> str:
    """What each token begins with. Secret scanners find tokens by it."""
    return f"{settings.API_TOKEN_PREFIX}_"


def max_lifetime() -> timedelta:
    return timedelta(seconds=settings.API_TOKEN_MAX_LIFETIME)


def max_per_account() -> int:
    return int(settings.API_TOKEN_MAX_PER_ACCOUNT)
