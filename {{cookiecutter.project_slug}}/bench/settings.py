"""The project's settings, for two views that differ in their throttle alone."""

from config.settings import *  # noqa: F403  all of them
from config.settings import REDIS_URL, REST_FRAMEWORK

ROOT_URLCONF = "bench.urls"
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
}
REST_FRAMEWORK = {**REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": {"anon": "10/min"}}
