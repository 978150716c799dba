"""Settings for ``bench.limits``: two views that only differ in their throttle."""

from bench.settings import *  # noqa: F403  all of them
from bench.settings import REDIS_URL

CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
}
