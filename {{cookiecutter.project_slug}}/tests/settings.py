"""Settings of the tests: the same for all answers, with servers of their own."""

import os

from tests.isolation import forget_the_owners_settings

forget_the_owners_settings()
os.environ |= {
    "SECRET_KEY": "a-secret-key-of-the-tests-that-signs-nothing-anywhere-else",
    "JWT_SIGNING_KEY": "another-key-of-the-tests-that-signs-tokens-nowhere-else",
    "MFA_ENCRYPTION_KEYS": "a-key-of-the-tests-that-encrypts-secrets-nowhere-else",
    "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1,api.example.test",
    "PUBLIC_URL": "https://api.example.test",
    "SECURE_SSL_REDIRECT": "False",
    "API_URL": "api/",
    "API_DOCS": "True",
    "EMAIL_URL": "smtp://127.0.0.1:25",
    # As the template has them, and not as the owner has changed their defaults.
    "ADMIN_URL": "admin/",
    "EMAIL_VERIFICATION": "mandatory",
    "JWT_ALGORITHM": "HS256",
    "JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME": "300",
    "JWT_ALLAUTH_ACCESS_TOKEN_SESSION_CHECK": "False",
    "JWT_ALLAUTH_CONFIRM_EMAIL_ON_GET": "True",
    "JWT_ALLAUTH_INVITATIONS": "False",
    "JWT_ALLAUTH_INVITATION_LIFETIME": "604800",
    "JWT_ALLAUTH_REFRESH_REUSE_LEEWAY": "10",
    "JWT_ALLAUTH_REFRESH_TOKEN_LIFETIME": "1209600",
    "JWT_ALLAUTH_SESSION_LIFETIME": "7776000",
    "LOGOUT_ON_PASSWORD_CHANGE": "True",
    "LOG_LEVEL": "INFO",
    "OLD_PASSWORD_FIELD_ENABLED": "True",
    "PASSWORD_RESET_TIMEOUT": "3600",
    "REPLAY_EMAILS": "True",
    "REQUEST_BODY_MAX_BYTES": "65536",
    "TRUSTED_PROXY_COUNT": "0",
    "WEB_CONCURRENCY": "2",
    "WEB_THREADS": "4",
}
from devtools.services import throwaway

# Where pytest-xdist starts more processes, they inherit these and share the servers.
os.environ |= throwaway()

from config.settings import *

INSTALLED_APPS += ["devtools"]
# Tests allow origins.
if "corsheaders.middleware.CorsMiddleware" not in MIDDLEWARE:
    MIDDLEWARE.insert(
        MIDDLEWARE.index("core.middleware.body_limits.BodyLimitsMiddleware"),
        "corsheaders.middleware.CorsMiddleware",
    )
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION = False
JWT_ALLAUTH_MFA_TOTP_MODE = "disabled"
JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE = True
MFA_TRUST_LIFETIME = None
PROJECT_NAME = MFA_TOTP_ISSUER = "Gatehouse"
TIME_ZONE = "UTC"
# A database that is dropped in the end has no connections left.
DATABASES["default"]["CONN_MAX_AGE"] = 0
# A busy machine is no outage.
DATABASES["default"]["OPTIONS"]["connect_timeout"] = 30
# A good hash takes its time, thousands of times; tests that are about it ask for ``real_hashes``.
PASSWORD_HASHERS = ["tests.people.CheapPasswordHasher"]
# Tests of the limits, and of the e-mails about devices, set them.
REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] = dict.fromkeys(THROTTLE_RATES)
NEW_DEVICE_EMAILS = False
