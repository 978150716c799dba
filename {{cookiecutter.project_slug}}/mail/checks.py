"""System checks of mail: a way out that cannot work stops the start."""

from typing import Any

import django
from django.conf import settings
from django.core import mail
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning
from django.core.exceptions import ImproperlyConfigured
from django.core.mail.backends.console import EmailBackend as Console

ID = "mail.EMAIL_URL"


def check_mail_server(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """What EMAIL_URL names is installed and has its options. Nothing is connected to."""
    try:
        backend = _backend()
    except (ImportError, ImproperlyConfigured) as error:
        return [Error(f"EMAIL_URL cannot be used: {error}", id=ID)]
    if isinstance(backend, Console) and not settings.DEBUG:
        return [CheckWarning("EMAIL_URL writes letters and their links to the log.", id=ID)]
    return []


def _backend() -> object:
    return mail.mailers.default if django.VERSION >= (6, 1) else mail.get_connection()
