"""How mail leaves the server."""

from importlib.util import find_spec
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import django
import environ

from config.env import BASE_DIR, DEFAULTS, env
from config.settings.base import DEBUG, INSTALLED_APPS

_SCHEMES = ("smtp", "smtp+tls", "smtp+ssl", "anymail", "consolemail", "filemail")
_TIMEOUT = 10
"""Seconds that the mail server has for each answer."""


def _mailer(url: str) -> dict[str, Any]:
    """The entry of Django's ``MAILERS`` for a URL."""
    if url.startswith("anymail:"):
        return _anymail(url)
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


def _anymail(url: str) -> dict[str, Any]:
    """``anymail://postmark?server_token=…``: the provider's module, and the options it takes."""
    parts = urlsplit(url)
    return {
        "BACKEND": f"anymail.backends.{parts.hostname}.EmailBackend",
        "OPTIONS": dict(parse_qsl(parts.query)),
    }


# Development without a mail server keeps the last letters, and shows them at /mailbox/.
MAILBOX = DEBUG and not env.text("EMAIL_URL") and find_spec("django_mail_preview") is not None

if MAILBOX:
    INSTALLED_APPS += ["django_mail_preview"]
    MAIL_PREVIEW_ROOT = BASE_DIR / ".devservices" / "mail"
    mailer: dict[str, Any] = {
        "BACKEND": "django_mail_preview.backends.EmailBackend",
        "OPTIONS": {},
    }
else:
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
    if mailer["BACKEND"].startswith("anymail."):
        # Anymail reads a setting instead, with the provider's name before that of each option.
        provider = mailer["BACKEND"].split(".")[2]
        ANYMAIL = {f"{provider}_{name}".upper(): value for name, value in mailer["OPTIONS"].items()}

DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("DEFAULT_FROM_EMAIL", DEFAULTS["DEFAULT_FROM_EMAIL"])
