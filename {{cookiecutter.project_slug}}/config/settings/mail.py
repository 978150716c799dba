"""The e-mail backend."""

from importlib.util import find_spec
from typing import Any

import django

from config.env import BASE_DIR, DEFAULTS, env
from config.settings.base import DEBUG, INSTALLED_APPS
from mail import email_url, sender

# Development without a mail server stores the last e-mails and shows them at /mailbox/.
MAILBOX = DEBUG and not env.text("EMAIL_URL") and find_spec("django_mail_preview") is not None

if MAILBOX:
    INSTALLED_APPS += ["django_mail_preview"]
    MAIL_PREVIEW_ROOT = BASE_DIR / ".devservices" / "mail"
    mailer: dict[str, Any] = {
        "BACKEND": "django_mail_preview.backends.EmailBackend",
        "OPTIONS": {},
    }
elif DEBUG and not env.text("EMAIL_URL"):
    mailer = email_url.parse("consolemail://")
else:
    # An invalid URL stops the start. The settings must not contain it: it may be a password.
    nowhere = email_url.parse("smtp://nowhere.invalid")
    mailer = env.required("EMAIL_URL", email_url.parse, nowhere, email_url.EXPECTED)

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
    EMAIL_TIMEOUT = email_url.TIMEOUT
    if mailer["BACKEND"].startswith("anymail."):
        # Anymail reads this setting. The provider's name is the prefix of each option.
        provider = mailer["BACKEND"].split(".")[2]
        ANYMAIL = {f"{provider}_{name}".upper(): value for name, value in mailer["OPTIONS"].items()}

DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.read(
    "DEFAULT_FROM_EMAIL", sender.parse, DEFAULTS["DEFAULT_FROM_EMAIL"], sender.EXPECTED
)
