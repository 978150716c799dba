"""Settings of the tests: the same whatever was answered, with servers of their own."""

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
    "API_DOCS": "True",
    "EMAIL_URL": "smtp://127.0.0.1:25",
}
from devtools.services import throwaway

# Where pytest-xdist starts more processes, they inherit these and share the servers.
os.environ |= throwaway()

from config.settings import *

INSTALLED_APPS += ["devtools"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION = False
JWT_ALLAUTH_MFA_TOTP_MODE = "disabled"
JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE = True
PROJECT_NAME = MFA_TOTP_ISSUER = "Gatehouse"
TIME_ZONE = "UTC"
# Nobody holds a database that is dropped in the end.
DATABASES["default"]["CONN_MAX_AGE"] = 0
# A good hash takes its time, thousands of times; tests that are about it ask for ``real_hashes``.
PASSWORD_HASHERS = ["tests.people.CheapPasswordHasher"]
# Tests of the limits, and of the letters about devices, say what they want.
REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] = dict.fromkeys(THROTTLE_RATES)
NEW_DEVICE_LETTERS = False
