"""API tokens."""

from config.env import DEFAULTS, env
from config.settings.api import REST_FRAMEWORK
from config.settings.base import INSTALLED_APPS, MIDDLEWARE
from config.settings.celery import CELERY_BEAT_SCHEDULE

INSTALLED_APPS += ["api_tokens"]
MIDDLEWARE += ["api_tokens.middleware.ApiTokenMiddleware"]
# The first one: the others refuse a token that is not theirs.
REST_FRAMEWORK["DEFAULT_AUTHENTICATION_CLASSES"] = [
    "api_tokens.authentication.ApiTokenAuthentication",
    *REST_FRAMEWORK["DEFAULT_AUTHENTICATION_CLASSES"],
]
REST_FRAMEWORK["DEFAULT_THROTTLE_CLASSES"] = ["api_tokens.throttling.ApiTokenThrottle"]
CELERY_BEAT_SCHEDULE["purge-api-tokens"] = {
    "task": "api_tokens.tasks.purge_tokens",
    "schedule": 3600.0,
}

# Another prefix invalidates every issued token.
API_TOKEN_PREFIX = env.pattern(
    "API_TOKEN_PREFIX",
    DEFAULTS["PROJECT_SLUG"],
    r"[a-z][a-z0-9_]{1,39}",
    "lower-case letters, digits and underscores, beginning with a letter",
)
API_TOKEN_MAX_LIFETIME = env.seconds("API_TOKEN_MAX_LIFETIME", 365 * 86_400, at_least=60)
API_TOKEN_MAX_PER_ACCOUNT = env.integer("API_TOKEN_MAX_PER_ACCOUNT", 20, at_least=1, at_most=1_000)
