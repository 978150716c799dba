"""HTTPS, cookies, origins, proxies, and the size of requests."""

import re

from corsheaders.defaults import default_headers

from config.env import env
from config.settings.base import API_URL, CORS_ALLOWED_ORIGINS, DEBUG, PUBLIC_URL

# The number of proxies in front of the application. Only their entries in X-Forwarded-* count.
TRUSTED_PROXY_COUNT = env.integer("TRUSTED_PROXY_COUNT", 0, at_most=20)
if TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Some platforms set it for gunicorn, which ignores it here (config/gunicorn.conf.py). A system
# check compares it with TRUSTED_PROXY_COUNT.
FORWARDED_ALLOW_IPS = env.names("FORWARDED_ALLOW_IPS")

SECURE_SSL_REDIRECT = env.boolean("SECURE_SSL_REDIRECT", not DEBUG)
SECURE_HSTS_SECONDS = 0 if DEBUG else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = not DEBUG
SECURE_HSTS_PRELOAD = not DEBUG
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG
# For front ends on other hosts of the same site, whose scripts read the CSRF cookie.
CSRF_COOKIE_DOMAIN = env.text("CSRF_COOKIE_DOMAIN") or None
CSRF_FAILURE_VIEW = "core.error_responses.csrf_failed"
SESSION_ENGINE = "core.admin_sessions"
# Because of the prefix, browsers refuse such a cookie from a sibling domain.
SESSION_COOKIE_NAME = "sessionid" if DEBUG else "__Host-sessionid"
SESSION_COOKIE_AGE = 12 * 3_600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"

# Not Django admin: a front end on the same site could use its cookie.
CORS_URLS_REGEX = f"^/{re.escape(API_URL)}"
CORS_ALLOW_CREDENTIALS = True
CORS_ALLOW_HEADERS = (
    *default_headers,
    "x-known-device",
    "x-trusted-device",
    "x-second-factor-code",
    "x-token-transport",
    # Sentry and OpenTelemetry add these to the requests of a front end.
    *("baggage", "sentry-trace", "traceparent", "tracestate", "x-request-id"),
)
CORS_EXPOSE_HEADERS = (
    *("X-Request-ID", "Retry-After", "RateLimit", "RateLimit-Policy"),
    # The name of an export's file.
    "Content-Disposition",
)
CSRF_TRUSTED_ORIGINS = [*CORS_ALLOWED_ORIGINS, PUBLIC_URL]

# By the Content-Length (core.middleware.body_limits).
REQUEST_BODY_MAX_BYTES = env.integer(
    "REQUEST_BODY_MAX_BYTES", 65_536, at_least=1_024, at_most=2**30
)
DATA_UPLOAD_MAX_MEMORY_SIZE = REQUEST_BODY_MAX_BYTES
