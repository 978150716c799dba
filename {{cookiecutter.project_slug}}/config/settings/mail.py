"""How mail leaves the server."""

from typing import Any

import django
import environ

from config.env import DEFAULTS, env
from config.settings.base import DEBUG

_SCHEMES = ("smtp", "smtp+tls", "smtp+ssl", "consolemail", "filemail")
_TIMEOUT = 10
"""Seconds that the mail server has for each answer."""


def _mailer(url: str) -> dict[str, Any]:
    """The entry of Django's ``MAILERS`` for a URL as django-environ reads it."""
    config = environ.Env.email_url_config(url)
    options: dict[str, Any] = {}
    if url.startswith("filemail:"):
        # django-environ drops the slash that makes the path an absolute one.
        options = {"file_path": "/" + config["EMAIL_FILE_PATH"]}
    if url.startswith("smtp"):
        options = {
            "host": config["EMAIL_HOST"],
            "port": config["EMAIL_PORT"] or 25,
            "username": config["EMAIL_HOST_USER"] or "",
            "password": config["EMAIL_HOST_PASSWORD"] or "",
            "use_tls": config.get("EMAIL_USE_TLS", False),
            "use_ssl": config.get("EMAIL_USE_SSL", False),
            "timeout": _TIMEOUT,
        }
    return {"BACKEND": config["EMAIL_BACKEND"], "OPTIONS": options}


mailer = _mailer(env.url("EMAIL_URL", *_SCHEMES, default="consolemail://" if DEBUG else ""))

if django.VERSION >= (6, 1):
    MAILERS = {"default": mailer}
else:
    EMAIL_BACKEND = mailer["BACKEND"]
    EMAIL_FILE_PATH = mailer["OPTIONS"].get("file_path")
    EMAIL_HOST = mailer["OPTIONS"].get("host", "")
    EMAIL_PORT = mailer["OPTIONS"].get("port", 25)
    EMAIL_HOST_USER = mailer["OPTIONS"].get("username", "")
    EMAIL_HOST_PASSWORD = mailer["OPTIONS"].get("password", "")
    EMAIL_USE_TLS = mailer["OPTIONS"].get("use_tls", False)
    EMAIL_USE_SSL = mailer["OPTIONS"].get("use_ssl", False)
    EMAIL_TIMEOUT = _TIMEOUT

DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("DEFAULT_FROM_EMAIL", DEFAULTS["DEFAULT_FROM_EMAIL"])
