"""HTTPS, cookies, origins and proxies."""

from config.env import env
from config.settings.base import DEBUG, PUBLIC_URL

# How many proxies stand before the application; X-Forwarded-* is believed for these and no more.
TRUSTED_PROXY_COUNT = env.integer("TRUSTED_PROXY_COUNT", 0)
if TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

SECURE_SSL_REDIRECT = env.boolean("SECURE_SSL_REDIRECT", not DEBUG)
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_HSTS_SECONDS = 0 if DEBUG else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = not DEBUG
SECURE_HSTS_PRELOAD = not DEBUG
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG
# For front ends on other hosts of the same site, whose scripts have to read the CSRF cookie.
CSRF_COOKIE_DOMAIN = env.text("CSRF_COOKIE_DOMAIN") or None
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"

CORS_ALLOWED_ORIGINS = env.names("CORS_ALLOWED_ORIGINS")
CORS_ALLOW_CREDENTIALS = True
CSRF_TRUSTED_ORIGINS = [*CORS_ALLOWED_ORIGINS, PUBLIC_URL]
