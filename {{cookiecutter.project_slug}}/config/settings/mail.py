"""The mail server (``EMAIL_URL``)."""

from importlib.util import find_spec
from typing import Any

import django

from config.env import BASE_DIR, DEFAULTS, env
from config.settings.base import DEBUG, INSTALLED_APPS
from mail import email_url, sender

# In development without a mail server, /mailbox/ shows the last e-mails.
MAILBOX = DEBUG and not env.text("EMAIL_URL") and find_spec("django_mail_preview") is not None

if MAILBOX:
    INSTALLED_APPS += ["django_mail_preview"]
    MAIL_PREVIEW_ROOT = BASE_DIR / ".devservices" / "mail"
    mailer: dict[str, Any] = {"BACKEND": "django_mail_preview.backends.EmailBackend", "OPTIONS": {}}
elif DEBUG and not env.text("EMAIL_URL"):
    mailer = email_url.parse("consolemail://")
else:
    nowhere = email_url.parse("smtp://nowhere.invalid")
    mailer = env.required("EMAIL_URL", email_url.parse, nowhere, email_url.EXPECTED)

if django.VERSION >= (6, 1):
    MAILERS = {"default": mailer}
else:
    EMAIL_BACKEND, options = mailer["BACKEND"], mailer["OPTIONS"]
    EMAIL_FILE_PATH = options.get("file_path")
    EMAIL_HOST = options.get("host", "")
    EMAIL_PORT = options.get("port", 25)
    EMAIL_HOST_USER = options.get("username", "")
    EMAIL_HOST_PASSWORD = options.get("password", "")
    EMAIL_USE_TLS = options.get("use_tls", False)
    EMAIL_USE_SSL = options.get("use_ssl", False)
    EMAIL_TIMEOUT = email_url.TIMEOUT
    if EMAIL_BACKEND.startswith("anymail."):
        # Anymail reads one setting, with the provider's name in each option.
        provider = EMAIL_BACKEND.split(".")[2]
        ANYMAIL = {f"{provider}_{name}".upper(): value for name, value in options.items()}

DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.read(
    "DEFAULT_FROM_EMAIL", sender.parse, DEFAULTS["DEFAULT_FROM_EMAIL"], sender.EXPECTED
)
