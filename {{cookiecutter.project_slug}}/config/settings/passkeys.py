"""Passkeys: to sign in without a password, and as a second factor."""

from config.env import env
from config.settings.base import INSTALLED_APPS
from config.settings.celery import CELERY_BEAT_SCHEDULE

INSTALLED_APPS += ["passkeys"]
CELERY_BEAT_SCHEDULE["purge-passkey-challenges"] = {
    "task": "passkeys.tasks.purge_challenges",
    "schedule": 3600.0,
}

# The domain that passkeys belong to. Default: the host of FRONTEND_URL, or of PUBLIC_URL.
PASSKEY_RP_ID = env.pattern(
    "PASSKEY_RP_ID", "", r"[a-z0-9-]+(\.[a-z0-9-]+)*", "a domain like example.com"
)
PASSKEY_ORIGINS = env.names("PASSKEY_ORIGINS")
